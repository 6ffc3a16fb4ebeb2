package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"imapop/account"
)

const (
	commandTime = 60 * time.Second // long enough for a person to unlock a password manager
	childTime   = time.Second / 2  // for children that keep the output open after the command ended
	maxSecret   = 64 << 10         // octets of output; no password or token is longer
	maxSaid     = 400              // octets of the command's complaint that an error repeats
)

// Command returns the first line that a shell command prints, checked to fit on
// the wire. key is the setting that holds the command, for messages. Its standard
// input is empty; a password manager that asks does so on /dev/tty, for which the
// command stays in our process group. It blocks for at most a minute or until ctx ends.
func Command(ctx context.Context, key, command string) (account.Password, error) {
	s, err := run(ctx, key, command)
	if err == nil {
		err = account.CheckCredential("what "+key+" printed", s)
	}
	if err != nil {
		return account.Password{}, err
	}
	return account.NewPassword(s), nil
}

func run(ctx context.Context, key, command string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandTime, fmt.Errorf("no answer in %v", commandTime))
	defer cancel()
	out, complaint := &head{max: maxSecret}, &head{max: maxSecret}
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Stdout, cmd.Stderr = out, complaint
	cmd.WaitDelay = childTime
	err := cmd.Run()
	line, _, _ := bytes.Cut(out.kept, []byte("\n"))
	secret := strings.TrimRight(string(line), "\r")
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	switch {
	case errors.Is(err, exec.ErrWaitDelay) && secret != "":
		// The command ended well and left something running that holds its output open.
	case err != nil:
		return "", fmt.Errorf("%s: %w%s", key, err, said(complaint.kept, out.kept))
	case out.over && !bytes.Contains(out.kept, []byte("\n")):
		return "", fmt.Errorf("%s: its first line is longer than %d octets", key, maxSecret)
	case secret == "":
		return "", fmt.Errorf("%s: it printed no password%s", key, said(complaint.kept, nil))
	}
	return secret, nil
}

// said repeats what the command complained of, on one line, without control
// characters and without anything that it printed as the secret.
func said(complaint, output []byte) string {
	text := string(complaint)
	for _, line := range strings.Split(string(output), "\n") {
		if line = strings.TrimRight(line, "\r"); line != "" {
			text = strings.ReplaceAll(text, line, "***")
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	text = text[:min(len(text), maxSaid)]
	return fmt.Sprintf(": it said %q", text)
}

// head keeps the first max octets written to it and swallows the rest.
type head struct {
	kept []byte
	max  int
	over bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.max - len(h.kept)
	if len(p) > room {
		h.over = true
	}
	h.kept = append(h.kept, p[:min(room, len(p))]...)
	return len(p), nil
}
