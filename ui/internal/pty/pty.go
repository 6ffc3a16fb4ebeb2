// Package pty runs a program on a pseudo-terminal, for tests and benchmarks that
// need what only a terminal shows: what was drawn, how soon, and whether the
// terminal was left as it was found. Linux only.
package pty

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Term is a running program and the terminal it runs on. Safe from any goroutine.
type Term struct {
	Cmd    *exec.Cmd
	master *os.File
	before unix.Termios

	mu   sync.Mutex
	out  bytes.Buffer
	from int // Await looks behind it
	grew chan struct{}
	eof  chan struct{}
}

// Start runs cmd on a new terminal of w columns and h lines. Questions that
// programs ask of a terminal (colours, cursor) are answered as xterm does.
func Start(cmd *exec.Cmd, w, h int) (*Term, error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	slave, err := openSlave(master)
	if err != nil {
		master.Close()
		return nil, err
	}
	defer slave.Close()
	if err := setSize(master, w, h); err != nil {
		master.Close()
		return nil, err
	}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		master.Close()
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		master.Close()
		return nil, err
	}
	t := &Term{Cmd: cmd, master: master, before: *before, grew: make(chan struct{}), eof: make(chan struct{})}
	go t.read()
	return t, nil
}

func openSlave(master *os.File) (*os.File, error) {
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, fmt.Errorf("number of the terminal: %w", err)
	}
	return os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
}

func setSize(f *os.File, w, h int) error {
	return unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)})
}

// Resize changes the terminal's size; the program gets SIGWINCH.
func (t *Term) Resize(w, h int) error { return setSize(t.master, w, h) }

// Attributes reads the terminal's line discipline, to compare before and after.
func (t *Term) Attributes() (unix.Termios, error) {
	a, err := unix.IoctlGetTermios(int(t.master.Fd()), unix.TCGETS)
	if err != nil {
		return unix.Termios{}, err
	}
	return *a, nil
}

// answers are what xterm says to the questions that terminal libraries ask.
var answers = []struct{ ask, say []byte }{
	{[]byte("\x1b]11;?"), []byte("\x1b]11;rgb:0000/0000/0000\x1b\\")},
	{[]byte("\x1b]10;?"), []byte("\x1b]10;rgb:ffff/ffff/ffff\x1b\\")},
	{[]byte("\x1b[6n"), []byte("\x1b[1;1R")},
	{[]byte("\x1b[c"), []byte("\x1b[?62;22c")},
}

func (t *Term) read() {
	defer close(t.eof)
	buf := make([]byte, 64<<10)
	for {
		n, err := t.master.Read(buf)
		if n > 0 {
			for _, a := range answers {
				if bytes.Contains(buf[:n], a.ask) {
					_, _ = t.master.Write(a.say)
				}
			}
			t.mu.Lock()
			t.out.Write(buf[:n])
			close(t.grew)
			t.grew = make(chan struct{})
			t.mu.Unlock()
		}
		if err != nil {
			return // EIO: the last program on the terminal has ended
		}
	}
}

// Type sends keys.
func (t *Term) Type(keys string) error {
	_, err := t.master.WriteString(keys)
	return err
}

// Output returns everything that was drawn so far, escapes included.
func (t *Term) Output() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.String()
}

// Forget drops what was drawn so far, so that Await looks only at what comes.
func (t *Term) Forget() {
	t.mu.Lock()
	t.out.Reset()
	t.from = 0
	t.mu.Unlock()
}

// Mark lets Await look only at what comes, and keeps what was drawn.
func (t *Term) Mark() {
	t.mu.Lock()
	t.from = t.out.Len()
	t.mu.Unlock()
}

// Await waits until text was drawn; false when it was not within the time or the program ended.
func (t *Term) Await(text string, within time.Duration) bool {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		t.mu.Lock()
		found := bytes.Contains(t.out.Bytes()[t.from:], []byte(text))
		grew := t.grew
		t.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-grew:
		case <-t.eof:
			return bytes.Contains([]byte(t.Output()), []byte(text))
		case <-late.C:
			return false
		}
	}
}

// Close ends the program, if it still runs, and the terminal.
func (t *Term) Close() error {
	if t.Cmd.ProcessState == nil {
		_ = t.Cmd.Process.Kill()
		_ = t.Cmd.Wait()
	}
	return t.master.Close()
}
