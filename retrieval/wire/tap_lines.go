package wire

import (
	"bytes"
	"strings"

	"imapop/retrieval"
)

// lineSplitter cuts a stream into lines, of which it keeps at most collected octets.
type lineSplitter struct {
	kept   []byte
	n      extent
	line   func(text []byte, n extent) // text is lent, without its line break
	opaque bool                        // TLS has begun inside: nothing to see
}

func (s *lineSplitter) write(b []byte) {
	for len(b) > 0 && !s.opaque {
		n := bytes.IndexByte(b, '\n') + 1
		whole := n > 0
		if !whole {
			n = len(b)
		}
		keep := min(collected-len(s.kept), n)
		s.kept = append(s.kept, b[:keep]...)
		s.n.wire += int64(n)
		s.n.dropped += int64(n - keep)
		if whole {
			s.flush()
		}
		b = b[n:]
	}
}

// flush hands on what there is, be the line whole or not.
func (s *lineSplitter) flush() {
	if s.n.wire > 0 {
		s.line(bytes.TrimRight(s.kept, "\r\n"), s.n)
	}
	s.kept, s.n = s.kept[:0], extent{}
}

// pop3Client shows one of our POP3 lines.
func (t *tap) pop3Client(text []byte, n extent) {
	line := string(text)
	if t.secretLine(line) {
		line = hideResponse(line)
		t.line(retrieval.ClientSays, line, n.wire)
		return
	}
	name, args, has := strings.Cut(line, " ")
	switch strings.ToUpper(name) {
	case "USER":
		t.trying("", "USER/PASS") // some refuse here
		line = t.clean(text, n.dropped)
	case "PASS":
		t.trying("", "USER/PASS")
		t.mask.add(args)
		line = name + " " + stars
	case "APOP":
		t.trying("", "APOP")
		user, digest, _ := strings.Cut(args, " ")
		t.mask.add(digest)
		line = name + " " + t.clean([]byte(user), 0) + " " + stars
	case "AUTH":
		if has {
			line = name + " " + t.auth(args)
		}
	default:
		line = t.clean(text, n.dropped)
	}
	t.line(retrieval.ClientSays, line, n.wire)
}

// hideResponse shows of a SASL response that it was a cancellation, empty, or neither.
func hideResponse(line string) string {
	if line == "*" || line == "" {
		return line
	}
	return stars
}

// auth begins a SASL exchange (RFC 5034, RFC 4954) and shows its mechanism.
func (t *tap) auth(args string) string {
	mech, initial, has := strings.Cut(args, " ")
	t.saslStarts("", mech, initial)
	if has {
		return mech + " " + stars
	}
	return mech
}

// smtpTap shows an SMTP dialogue: AUTH is masked, the message after DATA is folded.
type smtpTap struct {
	*tap
	client, server lineSplitter
	asked          string // the command whose reply is due: DATA, STARTTLS, or ""
	body           bool   // DATA was answered 354
	bodyOctets     int64
}

func newSMTPTap(t *tap) *smtpTap {
	s := &smtpTap{tap: t}
	s.client.line = s.clientLine
	s.server.line = s.serverReply
	return s
}

func (s *smtpTap) clientLine(text []byte, n extent) {
	s.mu.Lock()
	body := s.body
	s.mu.Unlock()
	line := string(text)
	switch {
	case body:
		s.bodyLine(line, n.wire)
		return
	case s.secretLine(line):
		line = hideResponse(line)
	default:
		name, args, _ := strings.Cut(line, " ")
		name = strings.ToUpper(name)
		if name == "AUTH" {
			line = name + " " + s.auth(args)
		} else {
			line = s.clean(text, n.dropped)
		}
		s.mu.Lock()
		s.asked = name
		s.mu.Unlock()
	}
	s.tap.line(retrieval.ClientSays, line, n.wire)
}

func (s *smtpTap) bodyLine(line string, octets int64) {
	if line != "." {
		s.bodyOctets += octets
		return
	}
	s.tap.line(retrieval.ClientSays, folded(s.bodyOctets), s.bodyOctets)
	s.tap.line(retrieval.ClientSays, line, octets)
	s.bodyOctets = 0
	s.mu.Lock()
	s.body = false
	s.mu.Unlock()
}

func (s *smtpTap) serverReply(text []byte, n extent) {
	s.mu.Lock()
	switch {
	case s.asked == "DATA" && bytes.HasPrefix(text, []byte("354")):
		s.body = true
	case s.asked == "STARTTLS" && bytes.HasPrefix(text, []byte("220")):
		s.client.opaque, s.server.opaque = true, true
	}
	s.mu.Unlock()
	s.serverLine(text, n)
}
