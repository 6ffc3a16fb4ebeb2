package pop3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	gopop3 "github.com/knadh/go-pop3"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// checkBefore refuses what must not reach the wire, before anything is dialed.
func checkBefore(c Config) error {
	if err := c.Account.POP3.Check(); err != nil {
		return opError("connect", fmt.Errorf("%w: %w", retrieval.ErrUnsafe, err))
	}
	// go-pop3 would send what stands behind a line break as a command of its own.
	if err := account.CheckCredential("user", c.Account.User); err != nil {
		return opError("login", err)
	}
	if c.Guard.OAuth() {
		return nil
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

// logIn proves who we are by the strongest way that is offered and permitted. A
// refusal is final: nothing else is tried behind it, but a fresh token once.
func (s *Session) logIn(ctx context.Context) error {
	m, unbound, err := s.choose()
	if err != nil {
		return opError("login", err)
	}
	token, err := s.token(ctx, account.Password{})
	if err != nil {
		return err
	}
	err = s.logInBy(ctx, m, unbound, token)
	if errors.Is(err, retrieval.ErrAuth) && m.UsesToken() {
		if fresh, renewed := s.token(ctx, token); renewed == nil && fresh != token {
			err = s.logInBy(ctx, m, unbound, fresh)
		}
	}
	if err != nil {
		return s.failedLogin(m, err)
	}
	s.c.Guard.Success(s.c.Account.POP3.Address)
	s.mu.Lock()
	s.mechanism = m
	s.mu.Unlock()
	s.c.Password = account.Password{} // not needed any more: who reconnects has it
	return nil
}

// choose takes the mechanism. Without CAPA nobody knows what is offered, and
// USER is tried: RFC 1939 has it.
func (s *Session) choose() (m account.Mechanism, unbound bool, err error) {
	ep := s.c.Account.POP3
	if s.c.APOP {
		ep.Mechanisms = []account.Mechanism{account.APOP}
	}
	state, secure := s.conn.TLS()
	if ep.Security != account.Plaintext && !secure {
		return "", false, retrieval.ErrUnsafe
	}
	terms := sasl.Terms{Endpoint: ep, OAuth: s.c.Guard.OAuth(), NotBelow: s.c.Guard.NotBelow(ep.Address)}
	if secure {
		terms.TLS = &state
	}
	_, stamp := sasl.Timestamp(string(s.first))
	offer := sasl.Offer{Mechanisms: s.caps.SASL, Timestamp: stamp, Password: s.caps.User || !s.caps.Known || secure}
	switch {
	case ep.Allows(account.APOP) && len(ep.Mechanisms) == 1 && !stamp:
		return "", false, fmt.Errorf("%w: the greeting has no timestamp for APOP", retrieval.ErrUnsafe)
	case !offer.Password && len(offer.Mechanisms) == 0 && !stamp:
		return "", false, fmt.Errorf("%w: the server offers no login on a connection that nothing protects", retrieval.ErrUnsafe)
	}
	return sasl.Choose(offer, terms)
}

// token gets an access token; none where the account has a password.
func (s *Session) token(ctx context.Context, refused account.Password) (account.Password, error) {
	if !s.c.Guard.OAuth() {
		return account.Password{}, nil
	}
	token, err := s.c.Guard.Token(ctx, refused)
	if err != nil {
		return token, opError("get an access token", err)
	}
	return token, nil
}

func (s *Session) logInBy(ctx context.Context, m account.Mechanism, unbound bool, token account.Password) error {
	user, password := s.c.Account.User, s.c.Password
	switch m {
	case account.APOP:
		digest, _ := sasl.APOP(string(s.first), password)
		return s.prove(ctx, "APOP "+user+" "+digest)
	case account.PasswordCommand:
		r, err := s.ask(ctx, "login", "USER "+user)
		if err != nil {
			return err
		}
		if !r.ok {
			return refused("login", r, retrieval.ErrAuth)
		}
		return s.prove(ctx, "PASS "+password.Reveal())
	}
	id := sasl.Identity{User: user, Password: password, Token: token, Address: s.c.Account.POP3.Address, Unbound: unbound}
	if state, ok := s.conn.TLS(); ok {
		id.TLS = &state
	}
	client, err := sasl.New(m, id)
	if err != nil {
		return opError("login", err)
	}
	return s.silenced(s.exchange(ctx, client))
}

// failedLogin makes the error of a login that failed, and tells the Guard.
func (s *Session) failedLogin(m account.Mechanism, err error) error {
	e := &account.LoginError{Protocol: "pop3", Address: s.c.Account.POP3.Address, User: s.c.Account.User,
		Mechanism: m, Refused: errors.Is(err, retrieval.ErrAuth), Err: err}
	var op *retrieval.OpError
	if errors.As(err, &op) {
		e.Code = op.Code
	}
	s.c.Guard.Failure(e)
	return e
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

// silenced takes secrets out of an error, should a server have echoed one.
func (s *Session) silenced(err error) error {
	var e *retrieval.OpError
	if !errors.As(err, &e) {
		return err
	}
	secret := s.c.Password.Reveal()
	plain := base64.StdEncoding.EncodeToString([]byte("\x00" + s.c.Account.User + "\x00" + secret))
	e.Text = s.conn.Hide(e.Text)
	if secret != "" && strings.Contains(strings.ToUpper(e.Code), strings.ToUpper(safe.Line(secret))) || s.conn.Hide(e.Code) != e.Code {
		e.Code = "***"
	}
	for _, form := range []string{safe.Line(secret), plain} {
		if secret != "" && strings.Contains(e.Text, form) {
			e.Text = "***"
		}
	}
	if said := e.Err.Error(); s.conn.Hide(said) != said || secret != "" && strings.Contains(said, safe.Line(secret)) {
		e.Err = retrieval.ErrProtocol
	}
	return e
}
