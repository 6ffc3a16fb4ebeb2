package wire

import (
	"strconv"
	"strings"

	"imapop/retrieval"
)

// imapServer receives the server's lines.
type imapServer struct {
	tap   *tap
	lines int // whole lines so far
}

func (s *imapServer) line(text []byte, n extent, last bool) {
	if last {
		s.lines++
	}
	s.tap.serverLine(text, n)
}

func (s *imapServer) literalStarts([]byte, int64) {}
func (s *imapServer) literalOctets([]byte)        {}

// imapClient receives our lines and hides the secrets in them.
type imapClient struct {
	tap     *tap
	going   bool // the line goes on from an earlier part
	login   bool // the command is LOGIN
	args    int  // its arguments in earlier parts
	capture []byte
	wanted  int64 // octets of the secret literal still to come
}

// longestSecret bounds a password sent as a literal, in octets.
const longestSecret = 4 << 10

func (c *imapClient) line(text []byte, n extent, last bool) {
	c.tap.line(retrieval.ClientSays, c.show(text, n.dropped), n.wire)
	c.going = !last
	if last {
		c.login, c.args = false, 0
	}
}

func (c *imapClient) show(text []byte, dropped int64) string {
	if !c.going {
		s := string(text)
		if c.tap.secretLine(s) {
			return hideResponse(s)
		}
		tag, rest, _ := strings.Cut(s, " ")
		name, args, has := strings.Cut(rest, " ")
		switch strings.ToUpper(name) {
		case "LOGIN":
			c.login = true
			c.tap.trying(tag, "LOGIN")
		case "AUTHENTICATE":
			mech, initial, has := strings.Cut(args, " ")
			c.tap.saslStarts(tag, mech, initial)
			if has {
				return tag + " " + name + " " + c.tap.clean([]byte(mech), 0) + " " + stars
			}
		}
		if c.login && has {
			return tag + " " + name + " " + c.hideLogin(args)
		}
		return c.tap.clean(text, dropped)
	}
	if c.login {
		return c.hideLogin(string(text))
	}
	return c.tap.clean(text, dropped)
}

// hideLogin shows the first argument of LOGIN and stars for any other.
func (c *imapClient) hideLogin(args string) string {
	var shown []string
	for i, arg := range loginArgs(args) {
		if !(i == 0 && c.going && strings.HasSuffix(arg, " octets}")) {
			c.args++ // unless it is the literal that an earlier part announced
		}
		if c.args < 2 {
			shown = append(shown, arg)
			continue
		}
		if arg[0] != '{' {
			c.tap.mask.add(unquote(arg))
		}
		shown = append(shown, stars)
	}
	return strings.Join(shown, " ")
}

// literalStarts captures the password when LOGIN sends it as a literal.
func (c *imapClient) literalStarts(text []byte, size int64) {
	args := c.args
	if !c.going {
		_, rest, _ := strings.Cut(string(text[:min(len(text), maxLineOctets)]), " ")
		name, tail, _ := strings.Cut(rest, " ")
		if !strings.EqualFold(name, "LOGIN") {
			return
		}
		args = len(loginArgs(tail)) + 1
	} else if !c.login {
		return
	} else if n := len(loginArgs(string(text))); n > 0 {
		args += n + 1
	}
	if args >= 2 && size <= longestSecret {
		c.capture, c.wanted = nil, size
	}
}

func (c *imapClient) literalOctets(b []byte) {
	if c.wanted == 0 {
		return
	}
	n := min(c.wanted, int64(len(b)))
	c.capture = append(c.capture, b[:n]...)
	if c.wanted -= n; c.wanted == 0 {
		c.tap.mask.add(string(c.capture))
		c.capture = nil
	}
}

// loginArgs splits arguments: quoted strings, folded literals, atoms.
func loginArgs(s string) []string {
	var args []string
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		n := argEnd(s)
		args = append(args, s[:n])
		s = s[n:]
	}
	return args
}

func argEnd(s string) int {
	switch s[0] {
	case '"':
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(s)
	case '{':
		if i := strings.IndexByte(s, '}'); i >= 0 {
			return i + 1
		}
		return len(s)
	}
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return i
	}
	return len(s)
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// folded stands for octets that the transcript only counts.
func folded(n int64) string { return "{" + strconv.FormatInt(n, 10) + " octets}" }
