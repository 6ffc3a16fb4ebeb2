package pop3

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
	gopop3 "github.com/knadh/go-pop3"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// maxCommand is the longest command line, CRLF included (RFC 2449 section 4).
const maxCommand = 255

// checkBefore refuses what must not reach the wire, before anything is dialed.
func checkBefore(c Config) error {
	if err := c.Account.POP3.Check(); err != nil {
		return opError("connect", fmt.Errorf("%w: %w", retrieval.ErrUnsafe, err))
	}
	// go-pop3 would send what stands behind a line break as a command of its own.
	if err := account.CheckCredential("user", c.Account.User); err != nil {
		return opError("login", err)
	}
	if err := account.CheckCredential("password", c.Password.Reveal()); err != nil {
		return opError("login", err)
	}
	return nil
}

// greet lets the library read the greeting, and keeps it.
func (s *Session) greet(ctx context.Context) error {
	const op = "greeting"
	lib, err := gopop3.New(gopop3.Opt{Dialer: given{s.guard}}).NewConn()
	text, failed := s.classify(nil, err)
	switch {
	case failed != nil:
		return opError(op, s.cause(ctx, failed))
	case !text.ok:
		return refused(op, text, retrieval.ErrRefused)
	}
	s.lib, s.first = lib, append(s.first, s.guard.line...)
	return nil
}

// logIn proves who we are by the best way that is offered. A refusal is final:
// nothing weaker is tried behind it.
func (s *Session) logIn(ctx context.Context) error {
	secure := s.conn.Security()
	if s.c.Account.POP3.Security != account.Plaintext && secure.Protocol == "" {
		return opError("login", retrieval.ErrUnsafe)
	}
	user, password := s.c.Account.User, s.c.Password.Reveal()
	switch {
	case s.c.APOP:
		return s.apop(ctx, user, password)
	case s.caps.has(sasl.Plain):
		return s.authPlain(ctx, user, password)
	case s.caps.Known && !s.caps.User && secure.Protocol == "":
		return opError("login", fmt.Errorf("%w: the server offers no login on a connection that nothing protects", retrieval.ErrUnsafe))
	}
	r, err := s.ask(ctx, "login", "USER "+user)
	if err != nil {
		return err
	}
	if !r.ok {
		return refused("login", r, retrieval.ErrAuth)
	}
	return s.prove(ctx, "PASS "+password)
}

// authPlain logs in by AUTH PLAIN, with an initial response where it fits the
// line (RFC 5034 section 4). A server that asks for it all the same gets it once.
func (s *Session) authPlain(ctx context.Context, user, password string) error {
	response, err := plainResponse(user, password)
	if err != nil {
		return opError("login", err)
	}
	command := "AUTH " + sasl.Plain + " " + response
	if len(command)+2 > maxCommand {
		command = "AUTH " + sasl.Plain
	}
	s.proving = true
	defer func() { s.proving = false }()
	r, err := s.ask(ctx, "login", command)
	if err != nil || !r.more {
		return s.proved(r, err)
	}
	s.proving = false // a second challenge breaks the protocol
	r, err = s.ask(ctx, "login", response)
	return s.proved(r, err)
}

func plainResponse(user, password string) (string, error) {
	_, first, err := sasl.NewPlainClient("", user, password).Start()
	return base64.StdEncoding.EncodeToString(first), err
}

// apop logs in without showing the password, by the timestamp of the greeting.
// Without one nothing is sent: whoever took it out would get the password.
func (s *Session) apop(ctx context.Context, user, password string) error {
	stamp, ok := timestamp(string(s.first))
	if !ok {
		return opError("login", fmt.Errorf("%w: the greeting has no timestamp for APOP", retrieval.ErrUnsafe))
	}
	sum := md5.Sum([]byte(stamp + password))
	return s.prove(ctx, "APOP "+user+" "+hex.EncodeToString(sum[:]))
}

// timestamp finds the msg-id in a greeting (RFC 1939 section 7, APOP). One that
// is no proper msg-id is refused: it could make MD5 collide (RFC 6151, CVE-2007-1558).
func timestamp(greeting string) (string, bool) {
	i := strings.IndexByte(greeting, '<')
	if i < 0 {
		return "", false
	}
	end := strings.IndexByte(greeting[i:], '>')
	if end < 0 {
		return "", false
	}
	stamp := greeting[i : i+end+1]
	for _, c := range []byte(stamp) {
		if c <= ' ' || c > '~' {
			return "", false
		}
	}
	return stamp, strings.Count(stamp, "@") == 1
}

// prove sends the command that carries the proof and waits: nothing is ever sent
// behind it, since Courier throws that away and others take it for commands.
func (s *Session) prove(ctx context.Context, command string) error {
	return s.proved(s.ask(ctx, "login", command))
}

// proved is what came of a proof.
func (s *Session) proved(r reply, err error) error {
	if err != nil {
		return s.silenced(err)
	}
	if !r.ok {
		return s.silenced(refused("login", r, retrieval.ErrAuth))
	}
	return nil
}

// silenced takes the password out of an error, should a server have echoed it.
func (s *Session) silenced(err error) error {
	var e *retrieval.OpError
	if !errors.As(err, &e) {
		return err
	}
	secret := s.c.Password.Reveal()
	encoded, _ := plainResponse(s.c.Account.User, secret)
	e.Text = s.conn.Hide(e.Text)
	for _, form := range []string{safe.Line(secret), encoded} {
		if form != "" && strings.Contains(e.Text, form) {
			e.Text = "***"
		}
	}
	if said := e.Err.Error(); s.conn.Hide(said) != said || strings.Contains(said, safe.Line(secret)) {
		e.Err = retrieval.ErrProtocol
	}
	return e
}
