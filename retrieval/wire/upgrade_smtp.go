package wire

import (
	"fmt"
	"strings"

	"imapop/retrieval"
)

// helloName is said in EHLO: the machine's own name is nobody's business.
const helloName = "localhost"

// smtp asks for TLS as RFC 3207 section 4 wants it: EHLO, then STARTTLS. What
// EHLO lists is not looked at: who took STARTTLS out of it cannot refuse it too
// without being seen.
func (u *upgrade) smtp(greeting string) error {
	code, err := u.rest(greeting)
	switch {
	case err != nil:
		return err
	case code[0] == '4' || code[0] == '5':
		return fmt.Errorf("%w: the server greets with %s", retrieval.ErrRefused, code)
	case code != "220":
		return broken("the greeting is none")
	case len(u.buf) > 0:
		return broken("an answer before EHLO")
	}
	for _, step := range []struct{ say, want string }{{"EHLO " + helloName, "250"}, {"STARTTLS", "220"}} {
		code, err := u.reply(step.say)
		if err != nil {
			return err
		}
		if code != step.want {
			verb, _, _ := strings.Cut(step.say, " ")
			return fmt.Errorf("%w: the server answers %s with %s", retrieval.ErrUnsafe, verb, code)
		}
		if err := u.clean(); err != nil {
			return err
		}
	}
	return nil
}

// reply sends a command and returns the code of its reply.
func (u *upgrade) reply(command string) (string, error) {
	if err := u.send(command); err != nil {
		return "", err
	}
	first, err := u.line()
	if err != nil {
		return "", err
	}
	return u.rest(first)
}

// rest reads what follows the first line of a reply (RFC 5321 section 4.2) and
// returns its code.
func (u *upgrade) rest(line string) (string, error) {
	for range upgradeLines * 4 {
		if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return "", broken("a line that is no SMTP reply")
		}
		if len(line) == 3 || line[3] == ' ' {
			return line[:3], nil
		}
		next, err := u.line()
		if err != nil {
			return "", err
		}
		if !strings.HasPrefix(next, line[:3]) {
			return "", broken("a reply of two codes")
		}
		line = next
	}
	return "", fmt.Errorf("%w: over %d lines in one reply before TLS", retrieval.ErrTooMuch, upgradeLines*4)
}
