package submission

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"time"

	"imapop/account"
)

const (
	maxServer = 1 << 20 // octets that a server may say in one session; a chatty one needs 4 kB
	maxLine   = 2000    // octets of one line that are shown; twice RFC 5321 section 4.5.3.1.6
	stallTime = 60 * time.Second
)

// tap is the connection as go-smtp sees it, inside TLS. It shows every line to
// Options.Line with secrets masked, and bounds what the server may say. It is used
// by one goroutine; only Close may come from another.
type tap struct {
	net.Conn
	line    func(dir byte, text string)
	tls     *tls.ConnectionState // nil: nothing protects the connection
	secrets []string             // as they could appear on the wire: raw and in base64
	failed  error                // why a Read failed, when the library hides it

	in, out  pending
	received int
	code     int  // of the last whole reply
	auth     bool // an AUTH exchange goes on: every client line is secret
	data     bool // 354 was answered: the client's octets are the message
	tail     []byte
	octets   int64 // of the message so far, final dot included
}

// pending is the beginning of a line whose end has not come yet.
type pending struct{ kept []byte }

// lines calls f for every line that p completes.
func (l *pending) lines(p []byte, f func(string)) {
	for {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		l.kept = append(l.kept, part[:min(len(part), max(0, maxLine-len(l.kept)))]...)
		if i < 0 {
			return
		}
		f(strings.TrimSuffix(string(l.kept), "\r"))
		l.kept, p = l.kept[:0], p[i+1:]
	}
}

func newTap(conn net.Conn, line func(byte, string), user string, pw account.Password) *tap {
	if line == nil {
		line = func(byte, string) {}
	}
	t := &tap{Conn: conn, line: line}
	if secured, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		state := secured.ConnectionState()
		t.tls = &state
	}
	if secret := pw.Reveal(); secret != "" {
		t.hide("\x00" + user + "\x00" + secret)
		t.hide(secret)
	}
	return t
}

// hide masks a secret from here on, raw and in base64.
func (t *tap) hide(secret string) {
	t.secrets = append(t.secrets, base64.StdEncoding.EncodeToString([]byte(secret)), secret)
}

// mask replaces the secrets, also where a server repeats them.
func (t *tap) mask(s string) string {
	for _, secret := range t.secrets {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}

// Read implements io.Reader.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.received += n
	if t.received > maxServer {
		t.Conn.Close()
		t.failed = errTooMuch
		return 0, errTooMuch
	}
	t.in.lines(p[:n], t.heard)
	if err != nil {
		t.failed = err
	}
	return n, err
}

// heard shows a server line and follows the state by its code. A challenge is
// part of the proof and not shown.
func (t *tap) heard(s string) {
	if shown := t.mask(s); t.auth && strings.HasPrefix(s, "334 ") && len(s) > 4 {
		t.line('S', "334 ***")
	} else {
		t.line('S', shown)
	}
	var code int
	if len(s) < 3 || len(s) > 3 && s[3] == '-' {
		return
	}
	if _, err := fmt.Sscanf(s[:3], "%d", &code); err != nil {
		return
	}
	t.code = code
	t.data = code == 354
	t.auth = t.auth && code == 334
}

// Write implements io.Writer. Silence of a server that does not read ends it.
func (t *tap) Write(p []byte) (int, error) {
	if err := t.Conn.SetWriteDeadline(time.Now().Add(stallTime)); err != nil {
		return 0, err
	}
	if t.data {
		t.message(p)
	} else {
		t.out.lines(p, t.said)
	}
	return t.Conn.Write(p)
}

// said shows a client line.
func (t *tap) said(s string) {
	verb, rest, _ := strings.Cut(s, " ")
	switch {
	case t.auth && (s == "" || s == "*"): // an empty response, or a cancellation
	case t.auth:
		s = "***"
	case strings.EqualFold(verb, "AUTH"):
		t.auth = true
		if mech, _, secret := strings.Cut(rest, " "); secret {
			s = verb + " " + mech + " ***"
		}
	}
	t.line('C', t.mask(s))
}

// message counts the message's octets and shows them as one line at its end.
func (t *tap) message(p []byte) {
	t.octets += int64(len(p))
	t.tail = append(t.tail, p[max(0, len(p)-5):]...)
	t.tail = t.tail[max(0, len(t.tail)-5):]
	if s := string(t.tail); s == "\r\n.\r\n" || s == ".\r\n" {
		t.line('C', fmt.Sprintf("(message, %d octets)", t.octets))
		t.data, t.octets, t.tail = false, 0, nil
	}
}
