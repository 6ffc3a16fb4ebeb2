package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

const (
	maxLines = 200 // of one answer
	maxWords = 200 // capabilities and mechanisms that are kept
	maxWord  = 200 // cells of one of them
)

// talk is the little that is said to a server: what can you do, and goodbye.
type talk struct {
	c        *wire.Conn
	r        *bufio.Reader
	step     *string
	greeting string // one line, cleaned
	offer    *retrieval.Offer
}

// refused is a server that says no in the protocol's own way.
func refused(text string) error {
	return fmt.Errorf("%w: %s", retrieval.ErrRefused, safe.Cut(safe.Line(text), 200))
}

func (t *talk) say(line string) error {
	_, err := t.c.Write([]byte(line + "\r\n"))
	return err
}

// line reads one line of IMAP or SMTP; the wire bounds its length.
func (t *talk) line() (string, error) {
	if t.r == nil {
		t.r = bufio.NewReader(t.c)
	}
	s, err := t.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	return strings.TrimRight(s, "\r\n"), nil
}

// imap asks CAPABILITY (RFC 9051 section 6.1.1): what the greeting lists may be short.
func (t *talk) imap() error {
	*t.step = "greeting"
	greeting, err := t.line()
	if err != nil {
		return err
	}
	t.greeting = safe.Line(greeting)
	word, rest, _ := strings.Cut(strings.TrimPrefix(greeting, "* "), " ")
	switch {
	case strings.EqualFold(word, "BYE"):
		return refused(rest)
	case !strings.HasPrefix(greeting, "* "), !strings.EqualFold(word, "OK") && !strings.EqualFold(word, "PREAUTH"):
		return fmt.Errorf("%w: the greeting is not IMAP's", retrieval.ErrProtocol)
	}
	*t.step = "capabilities"
	words, err := t.imapAsk("p1 CAPABILITY")
	if err != nil {
		return err
	}
	o := newOffer(words)
	for _, w := range words {
		if mech, ok := cutPrefixFold(w, "AUTH="); ok {
			o.Mechanisms = addWord(o.Mechanisms, strings.ToUpper(mech))
		}
	}
	o.LoginDisabled, o.StartTLS = hasFold(words, "LOGINDISABLED"), hasFold(words, "STARTTLS")
	o.LoginCommand = !o.LoginDisabled
	o.Preauth = strings.EqualFold(word, "PREAUTH")
	t.offer = o
	_, _ = t.imapAsk("p2 LOGOUT") // all is known: how the server takes its leave does not matter
	return nil
}

// imapAsk sends a command and returns the words of untagged CAPABILITY answers.
func (t *talk) imapAsk(command string) ([]string, error) {
	if err := t.say(command); err != nil {
		return nil, err
	}
	tag, _, _ := strings.Cut(command, " ")
	words := []string{}
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return nil, err
		}
		if list, ok := cutPrefixFold(line, "* CAPABILITY "); ok {
			for _, w := range strings.Fields(list) {
				words = addWord(words, w)
			}
			continue
		}
		if rest, ok := strings.CutPrefix(line, tag+" "); ok {
			if word, text, _ := strings.Cut(rest, " "); !strings.EqualFold(word, "OK") {
				return nil, refused(text)
			}
			return words, nil
		}
	}
	return nil, fmt.Errorf("%w: over %d lines in one answer", retrieval.ErrTooMuch, maxLines)
}

// pop3 asks CAPA (RFC 2449 section 5), which a server may not have.
func (t *talk) pop3() error {
	*t.step = "greeting"
	greeting, err := t.c.ReadLine()
	if err != nil {
		return err
	}
	t.greeting = safe.Line(string(greeting))
	if !strings.HasPrefix(string(greeting), "+OK") {
		return refused(strings.TrimPrefix(string(greeting), "-ERR "))
	}
	*t.step = "capabilities"
	lines, listed, err := t.capa()
	if err != nil {
		return err
	}
	o := newOffer(lines)
	o.APOP, o.Unlisted = hasTimestamp(string(greeting)), !listed
	o.LoginCommand = !listed // without a list, USER may work
	for _, l := range lines {
		words := strings.Fields(l)
		switch strings.ToUpper(words[0]) {
		case "USER":
			o.LoginCommand = true
		case "STLS":
			o.StartTLS = true
		case "SASL":
			for _, m := range words[1:] {
				o.Mechanisms = addWord(o.Mechanisms, strings.ToUpper(m))
			}
		}
	}
	t.offer = o
	if t.say("QUIT") == nil {
		_, _ = t.c.ReadLine()
	}
	return nil
}

func (t *talk) capa() (lines []string, listed bool, err error) {
	if err := t.say("CAPA"); err != nil {
		return nil, false, err
	}
	status, err := t.c.ReadLine()
	if err != nil || !strings.HasPrefix(string(status), "+OK") {
		return []string{}, false, err
	}
	body, err := io.ReadAll(io.LimitReader(t.c.Body(false), limits.Literal+1))
	if err == nil && int64(len(body)) > limits.Literal {
		err = fmt.Errorf("%w: a list of capabilities over %d octets", retrieval.ErrTooMuch, limits.Literal)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: in the middle of the capabilities", retrieval.ErrClosed)
	}
	lines = []string{}
	for _, l := range strings.Split(string(body), "\r\n") {
		if strings.TrimSpace(l) != "" {
			lines = addWord(lines, l)
		}
	}
	return lines, true, err
}

// hasTimestamp looks for APOP's in a greeting (RFC 1939 section 7).
func hasTimestamp(greeting string) bool {
	_, rest, ok := strings.Cut(greeting, "<")
	stamp, _, end := strings.Cut(rest, ">")
	return ok && end && strings.Contains(stamp, "@") && !strings.ContainsAny(stamp, " \t")
}

// smtp asks EHLO (RFC 5321 section 4.1.1.1).
func (t *talk) smtp() error {
	*t.step = "greeting"
	code, lines, err := t.smtpReply()
	if err != nil {
		return err
	}
	t.greeting = safe.Line(code + " " + strings.Join(lines, " "))
	if code != "220" {
		return refused(code + " " + strings.Join(lines, " "))
	}
	*t.step = "capabilities"
	if err := t.say("EHLO localhost"); err != nil { // the machine's own name is nobody's business
		return err
	}
	if code, lines, err = t.smtpReply(); err != nil {
		return err
	}
	o := newOffer(nil)
	o.Unlisted = code != "250" // it may know HELO only
	if code == "250" && len(lines) > 0 {
		for _, l := range lines[1:] {
			words := strings.Fields(l)
			if len(words) == 0 {
				continue
			}
			o.Capabilities = addWord(o.Capabilities, l)
			switch verb := strings.ToUpper(words[0]); {
			case verb == "STARTTLS":
				o.StartTLS = true
			case verb == "AUTH", strings.HasPrefix(verb, "AUTH="): // the second for clients of long ago
				for _, m := range words[1:] {
					o.Mechanisms = addWord(o.Mechanisms, strings.ToUpper(m))
				}
			}
		}
	}
	t.offer = o
	if t.say("QUIT") == nil {
		_, _, _ = t.smtpReply()
	}
	return nil
}

// smtpReply reads one reply, of several lines perhaps (RFC 5321 section 4.2).
func (t *talk) smtpReply() (code string, lines []string, err error) {
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return "", nil, err
		}
		if len(line) < 3 || strings.Trim(line[:3], "0123456789") != "" || len(line) > 3 && line[3] != ' ' && line[3] != '-' ||
			code != "" && line[:3] != code {
			return "", nil, fmt.Errorf("%w: the answer is not SMTP's", retrieval.ErrProtocol)
		}
		code = line[:3]
		lines = append(lines, strings.TrimSpace(line[min(4, len(line)):]))
		if len(line) == 3 || line[3] == ' ' {
			return code, lines, nil
		}
	}
	return "", nil, fmt.Errorf("%w: over %d lines in one answer", retrieval.ErrTooMuch, maxLines)
}

func newOffer(words []string) *retrieval.Offer {
	if words == nil {
		words = []string{}
	}
	return &retrieval.Offer{Capabilities: words, Mechanisms: []string{}}
}

// addWord keeps a word of a list once, cleaned and cut.
func addWord(list []string, w string) []string {
	w = safe.Cut(safe.Line(w), maxWord)
	if w == "" || len(list) == maxWords || slices.Contains(list, w) {
		return list
	}
	return append(list, w)
}

func hasFold(list []string, want string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, want) })
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
