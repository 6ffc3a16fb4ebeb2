package pop3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"imapop/retrieval"
)

// maxCapabilities bounds the octets of a CAPA answer; real ones have some 200.
const maxCapabilities = 64 << 10

// Capabilities is what CAPA told (RFC 2449 section 5). All false when Known is
// false: then everything optional may work all the same, and is tried.
type Capabilities struct {
	Lines          []string // as sent; to be cleaned before a terminal sees them
	Top            bool     // TOP
	UIDL           bool     // UIDL
	User           bool     // USER and PASS
	STLS           bool     // RFC 2595 section 4
	Pipelining     bool     // commands may be sent ahead of their answers
	RespCodes      bool     // [IN-USE], [LOGIN-DELAY]
	AuthRespCode   bool     // [AUTH], [SYS/TEMP], [SYS/PERM] (RFC 3206)
	UTF8           bool     // RFC 6856
	SASL           []string // mechanisms of AUTH, in upper case (RFC 5034)
	Expire         string   // "NEVER", days such as "7", or "0": at once; "" not told
	LoginDelay     time.Duration
	Implementation string
	Known          bool // false: the server has no CAPA
}

// parseCapabilities reads the lines of a CAPA answer. Unknown ones are kept in
// Lines; nothing in them is an error (RFC 2449 section 5).
func parseCapabilities(lines []string) Capabilities {
	c := Capabilities{Known: true, Lines: lines}
	for _, line := range lines {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		args := words[1:]
		switch strings.ToUpper(words[0]) {
		case "TOP":
			c.Top = true
		case "UIDL":
			c.UIDL = true
		case "USER":
			c.User = true
		case "STLS":
			c.STLS = true
		case "PIPELINING":
			c.Pipelining = true
		case "RESP-CODES":
			c.RespCodes = true
		case "AUTH-RESP-CODE":
			c.AuthRespCode = true
		case "UTF8":
			c.UTF8 = true
		case "SASL":
			for _, a := range args {
				c.SASL = append(c.SASL, strings.ToUpper(a))
			}
		case "EXPIRE":
			c.Expire = strings.ToUpper(strings.Join(args, " "))
		case "LOGIN-DELAY":
			c.LoginDelay = loginDelay(args)
		case "IMPLEMENTATION":
			c.Implementation = strings.Join(args, " ")
		}
	}
	return c
}

// loginDelay reads whole seconds, a year at the most (RFC 2449 section 6.5).
func loginDelay(args []string) time.Duration {
	if len(args) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(args[0], 10, 32)
	if err != nil || n > 366*24*3600 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// askCapabilities sends CAPA. -ERR means that the server has none (RFC 2449 section 5).
func (s *Session) askCapabilities(ctx context.Context) error {
	const op = "ask for capabilities"
	r, err := s.ask(ctx, op, "CAPA")
	if err != nil {
		return err
	}
	if !r.ok {
		return nil
	}
	body, err := s.readListing(maxCapabilities)
	if err != nil {
		return s.broken(ctx, op, err)
	}
	caps := parseCapabilities(lines(body))
	s.mu.Lock()
	s.caps = caps
	s.mu.Unlock()
	return nil
}

// lines splits a multi-line answer at its CRLFs.
func lines(body []byte) []string {
	text := strings.TrimSuffix(string(body), "\r\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\r\n")
}

// readListing reads a multi-line answer of at most limit octets whole; its lines show in the transcript.
func (s *Session) readListing(limit int64) ([]byte, error) {
	return readAll(s.conn.Body(false), limit)
}

// readAll is io.ReadAll with a limit.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	buf := make([]byte, 0, 4096)
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			err = nil
			if int64(len(buf)) > limit {
				err = fmt.Errorf("%w: more than %s in one answer", retrieval.ErrTooMuch, retrieval.Octets(limit))
			}
			return buf, err
		}
		if err != nil {
			return nil, err
		}
		if int64(len(buf)) > limit {
			return nil, fmt.Errorf("%w: more than %s in one answer", retrieval.ErrTooMuch, retrieval.Octets(limit))
		}
	}
}

// ParseCapabilities reads the lines of a CAPA answer that was kept (RFC 2449
// section 5); none at all mean that the server has no CAPA.
func ParseCapabilities(lines []string) Capabilities {
	c := parseCapabilities(lines)
	c.Known = len(lines) > 0
	return c
}
