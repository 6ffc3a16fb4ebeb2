package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// maxKept is how much of a line the guard remembers: a greeting with its
// timestamp fits, and a SASL challenge; RFC 2449 section 4 allows status lines 512 octets.
const maxKept = 8 << 10

// guard is what go-pop3 reads from. The library takes a blank line for +OK and
// gives -ERR and a broken connection the same kind of error; the guard remembers
// how the line began and whether it ended, so that they can be told apart.
type guard struct {
	*wire.Conn
	line  []byte // the current line as far as it was kept
	whole bool   // it ended with LF
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if n > 0 {
		g.whole = p[n-1] == '\n'
		g.line = append(g.line, p[:min(n, maxKept-len(g.line))]...)
	}
	return n, err
}

func (g *guard) next() { g.line, g.whole = g.line[:0], false }

// begins reports whether the current line is status, alone or followed by a space.
func (g *guard) begins(status string) bool {
	rest, ok := bytes.CutPrefix(g.line, []byte(status))
	return ok && g.whole && len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\r' || rest[0] == '\n')
}

// reply is a status line.
type reply struct {
	ok   bool
	more bool   // "+ ": a SASL challenge
	text []byte // behind the indicator, a challenge in base64; valid until the next one is read
}

// statusRead is a reply, or why there is none.
type statusRead struct {
	reply
	err error
}

// status reads one status line. An error means that the session is over.
func (s *Session) status() (reply, error) {
	s.guard.next()
	text, err := s.lib.ReadOne()
	return s.classify(text, err)
}

// classify does not ask the library whether a line was fine: it asks the line.
func (s *Session) classify(text []byte, err error) (reply, error) {
	switch {
	case s.guard.begins("+OK") && err == nil:
		return reply{ok: true, text: text}, nil
	case s.guard.begins("-ERR") && err != nil:
		rest := bytes.TrimRight(s.guard.line[len("-ERR"):], "\r\n")
		return reply{text: bytes.TrimPrefix(rest, []byte(" "))}, nil
	case s.proving && s.guard.begins("+"):
		rest := bytes.TrimRight(s.guard.line[1:], "\r\n")
		return reply{more: true, text: bytes.TrimPrefix(rest, []byte(" "))}, nil
	case !s.guard.whole && err != nil:
		return reply{}, err
	}
	return reply{}, fmt.Errorf("%w: neither +OK nor -ERR: %q", retrieval.ErrProtocol, cut(safe.Line(string(s.guard.line)), 80))
}

// next reads the operation's next status line: the first one from the watcher,
// which has been waiting for it, the others by itself.
func (s *Session) next() (reply, error) {
	if s.reading {
		return s.status()
	}
	r := <-s.heard
	s.reading = true
	return r.reply, r.err
}

// refused turns a clean -ERR into an error. plain is what it means without a code.
func refused(op string, r reply, plain error) *retrieval.OpError {
	code, text := splitCode(string(r.text))
	return &retrieval.OpError{Protocol: retrieval.POP3, Op: op, Code: code,
		Text: cut(safe.Line(text), 300), Err: meaning(code, plain)}
}

// splitCode takes a response code off a text: "[IN-USE] busy" (RFC 2449 section 8).
func splitCode(text string) (code, rest string) {
	if !strings.HasPrefix(text, "[") {
		return "", text
	}
	code, rest, ok := strings.Cut(text[1:], "]")
	odd := func(c rune) bool { return c <= ' ' || c > '~' || c == '[' }
	if !ok || code == "" || strings.ContainsFunc(code, odd) {
		return "", text
	}
	return code, strings.TrimPrefix(rest, " ")
}

// meaning maps a response code; a longer one means at least what its first
// levels mean (RFC 2449 section 8).
func meaning(code string, plain error) error {
	code = strings.ToUpper(code)
	for _, k := range []struct {
		code string
		err  error
	}{
		{"AUTH", retrieval.ErrAuth}, {"IN-USE", retrieval.ErrInUse}, {"LOGIN-DELAY", retrieval.ErrLoginDelay},
		{"SYS/TEMP", retrieval.ErrSysTemp}, {"SYS/PERM", retrieval.ErrSysPerm},
	} {
		if code == k.code || strings.HasPrefix(code, k.code+"/") {
			return k.err
		}
	}
	return plain
}

func opError(op string, err error) *retrieval.OpError {
	return &retrieval.OpError{Protocol: retrieval.POP3, Op: op, Err: err}
}

// wrap makes an OpError of any error, unless it is one.
func wrap(op string, err error) error {
	var e *retrieval.OpError
	if errors.As(err, &e) {
		return err
	}
	return opError(op, err)
}

// cause finds out why a read or write failed. The library hides most of it.
func (s *Session) cause(ctx context.Context, err error) error {
	if known(err) {
		return err
	}
	if e := s.conn.Err(); e != nil {
		err = e
	}
	if e := ctx.Err(); e != nil && !known(err) {
		err = e
	}
	if known(err) || errors.Is(err, retrieval.ErrClosed) {
		return err
	}
	return fmt.Errorf("%w: %w", retrieval.ErrClosed, err)
}

// known reports whether an error says by itself what the server did wrong.
func known(err error) bool {
	for _, k := range []error{retrieval.ErrProtocol, retrieval.ErrTooMuch, retrieval.ErrUnsafe} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// cut keeps at most n octets of a cleaned line, at a rune's edge.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}

// quote shows foreign text in an error: cleaned, short.
func quote(s string) string { return fmt.Sprintf("%q", cut(safe.Line(cut(s, 200)), 80)) }

func eofIsFine(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
