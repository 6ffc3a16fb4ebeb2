package pty

import (
	"time"

	"golang.org/x/sys/unix"
)

// Before is the line discipline as it was before the program started.
func (t *Term) Before() unix.Termios { return t.before }

// Wait waits for the program to end and gives its exit code, -1 when a signal
// ended it; false when it did not end within the time.
func (t *Term) Wait(within time.Duration) (code int, ended bool) {
	done := make(chan struct{})
	go func() { defer close(done); _ = t.Cmd.Wait() }()
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		_ = t.Cmd.Process.Kill()
		<-done
		return 0, false
	}
	return t.Cmd.ProcessState.ExitCode(), true
}

// Drawn waits until the last of what an ended program drew was read, and returns all of it.
func (t *Term) Drawn() string {
	<-t.eof
	return t.Output()
}

// Vanish takes the terminal away, as a closed window or a lost line does.
func (t *Term) Vanish() error { return t.master.Close() }
