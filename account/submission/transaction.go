package submission

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
)

// transaction is one mail transaction (RFC 5321 section 3.3).
type transaction struct {
	from    string
	to      []string
	partial bool
	notify  []string
	id      string
	msg     []byte
}

// pipelined is how many commands are written ahead of their answers (RFC 2920):
// their answers must fit into the buffers between the two.
const pipelined = 50

// submit runs the transaction and says goodbye.
func (s *session) submit(t transaction) (Result, error) {
	var r Result
	r.Offers = s.offers()
	commands, err := s.commands(t, &r)
	if err != nil {
		s.client.Quit()
		return r, err
	}
	if err := s.recipients(t, &r, commands); err != nil {
		if said := (*Error)(nil); errors.As(err, &said) && said.Code != 0 {
			s.client.Quit() // which ends the transaction too (RFC 5321 section 4.1.1.10)
		}
		return r, err
	}
	if s.beforeData != nil {
		if err := s.beforeData(); err != nil {
			s.client.Quit()
			return r, &Error{Step: "keep that it is being sent", Err: err}
		}
	}
	w, err := s.client.Data()
	if err != nil {
		return r, s.fail("DATA", err)
	}
	if _, err := w.Write(t.msg); err != nil {
		s.conn.Conn.Close() // without the final dot: nothing is delivered (RFC 5321 section 4.1.1.4)
		return r, s.fail("the message", err)
	}
	answer, err := w.CloseWithResponse()
	if err != nil {
		return r, s.fail(afterDot, err)
	}
	r.At, r.Text = s.now(), s.conn.clean(answer.StatusText)
	s.client.Quit() // the mail is accepted, whatever becomes of the goodbye
	return r, nil
}

// offers lists what the server said of the extensions that matter here.
func (s *session) offers() (out []string) {
	for _, name := range []string{"SIZE", "8BITMIME", "SMTPUTF8", "PIPELINING", "DSN"} {
		if ok, _ := s.client.Extension(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// commands makes MAIL and the RCPTs, or refuses what the server cannot take before
// it is asked to.
func (s *session) commands(t transaction, r *Result) ([]string, error) {
	size := int64(len(t.msg)) + int64(bytes.Count(t.msg, []byte("\n"))-bytes.Count(t.msg, []byte("\r\n")))
	needs := func(what string) error { return &Error{Step: "the message", Err: fmt.Errorf("%w: %s", ErrNeeds, what)} }
	if most, ok := s.client.MaxMessageSize(); ok && most > 0 && size > int64(most) {
		return nil, needs(fmt.Sprintf("it has %d octets, and the server takes at most %d (SIZE, RFC 1870)", size, most))
	}
	has := func(name string) bool { return slices.Contains(r.Offers, name) }
	header, body, _ := bytes.Cut(bytes.ReplaceAll(t.msg, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	utf8 := !ascii(append(t.to, t.from)...) || !ascii(string(header))
	switch {
	case utf8 && !has("SMTPUTF8"):
		return nil, needs("an address in it has letters beyond ASCII, and the server does not offer SMTPUTF8 (RFC 6531)")
	case !ascii(string(body)) && !has("8BITMIME"):
		return nil, needs("a part of it has octets above 127, and the server does not offer 8BITMIME (RFC 6152)")
	}
	mail := "MAIL FROM:<" + t.from + ">"
	rcpt := ""
	if has("8BITMIME") && (utf8 || !ascii(string(body))) {
		mail += " BODY=8BITMIME"
	}
	if has("SIZE") {
		mail += " SIZE=" + strconv.FormatInt(size, 10)
	}
	if utf8 {
		mail += " SMTPUTF8"
	}
	if has("DSN") && len(t.notify) > 0 {
		r.Notified = true
		mail += " RET=HDRS"
		if t.id != "" {
			mail += " ENVID=" + xtext(t.id)
		}
		rcpt = " NOTIFY=" + strings.ToUpper(strings.Join(t.notify, ","))
	}
	out := []string{mail}
	for _, to := range t.to {
		out = append(out, "RCPT TO:<"+to+">"+rcpt)
	}
	return out, nil
}

// xtext encodes a parameter (RFC 3461 section 4).
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// recipients says MAIL and every RCPT, also after one was refused, so that all
// refusals are told at once.
func (s *session) recipients(t transaction, r *Result, commands []string) error {
	answers, err := s.exchange(commands, slices.Contains(r.Offers, "PIPELINING"))
	if len(answers) > 0 {
		if refusal := s.refusal("MAIL FROM", answers[0]); refusal != nil {
			return refusal
		}
	}
	var refused error
	for i, to := range t.to {
		answer := Recipient{Address: to}
		if i+1 < len(answers) {
			answer.Code = answers[i+1].code
			if refusal := s.refusal("RCPT TO "+s.conn.clean(to), answers[i+1]); refusal != nil {
				answer.Text = refusal.Text
				if refused == nil {
					refused = refusal
				}
			}
		}
		r.Recipients = append(r.Recipients, answer)
	}
	switch {
	case err != nil:
		step := "MAIL FROM"
		if len(answers) > 0 {
			step = "RCPT TO " + s.conn.clean(t.to[len(answers)-1])
		}
		return s.fail(step, err)
	case refused != nil && t.partial && len(r.Accepted()) > 0:
		return nil
	}
	return refused
}

// reply is one reply of the server.
type reply struct {
	code int
	text string
}

// exchange writes commands and reads their replies: in groups where the server
// offers PIPELINING, else one by one. go-smtp waits after each, which distance
// makes dear. The error is the connection's; what was answered before it is
// returned. MAIL's refusal ends it, since the RCPTs are refused with it.
func (s *session) exchange(commands []string, ahead bool) (replies []reply, err error) {
	r := bufio.NewReaderSize(s.conn, 4096)
	text := textproto.NewReader(r)
	defer s.conn.SetDeadline(time.Time{})
	group := 1
	if ahead {
		group = pipelined
	}
	for chunk := range slices.Chunk(commands, group) {
		if _, err := s.conn.Write([]byte(strings.Join(chunk, "\r\n") + "\r\n")); err != nil {
			return replies, err
		}
		for range chunk {
			s.conn.SetReadDeadline(time.Now().Add(answerTime))
			code, msg, err := text.ReadResponse(0)
			if err != nil {
				return replies, err
			}
			replies = append(replies, reply{code, msg})
		}
		if r.Buffered() > 0 {
			return replies, errors.New("the server sent more than was asked for")
		}
		if replies[0].code/100 != 2 {
			return replies, nil
		}
	}
	return replies, nil
}

// refusal makes an error of a reply that is none of success (RFC 5321 section 4.2.1).
func (s *session) refusal(step string, r reply) *Error {
	if r.code/100 == 2 {
		return nil
	}
	first, rest, _ := strings.Cut(r.text, "\n")
	enhanced, _, _ := strings.Cut(first, " ")
	for line := range strings.SplitSeq(rest, "\n") {
		if line = strings.TrimSpace(strings.TrimPrefix(line, enhanced)); line != "" {
			first += " " + line
		}
	}
	return &Error{Step: step, Code: r.code, Text: s.conn.clean(first), Err: ErrRefused}
}
