package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/account"
	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// logIn proves who we are by the strongest way that is offered and permitted. A
// refusal is final: nothing else is tried behind it, but a fresh token once.
func (s *Session) logIn(ctx context.Context) error {
	m, unbound, err := s.choose()
	if err != nil {
		return err
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
	s.cfg.Guard.Success(s.cfg.Account.IMAP.Address)
	s.mu.Lock()
	s.mechanism = m
	s.mu.Unlock()
	s.cfg.Password = account.Password{} // not needed any more: who reconnects has it
	return nil
}

// choose is the last gate before a credential is sent.
func (s *Session) choose() (m account.Mechanism, unbound bool, err error) {
	if err := s.secure(); err != nil {
		return "", false, err
	}
	ep := s.cfg.Account.IMAP
	disabled := s.has(goimap.CapLoginDisabled)
	offer := sasl.Offer{Mechanisms: s.offered(), Password: !disabled, Forbidden: disabled}
	terms := sasl.Terms{Endpoint: ep, OAuth: s.cfg.Guard.OAuth(), NotBelow: s.cfg.Guard.NotBelow(ep.Address)}
	if state, ok := s.conn.TLS(); ok {
		terms.TLS = &state
	}
	m, unbound, err = sasl.Choose(offer, terms)
	switch {
	case err == nil:
		return m, unbound, nil
	case disabled && errors.Is(err, retrieval.ErrUnsafe):
		return "", false, unsafe("the server forbids login on this connection (LOGINDISABLED)")
	}
	return "", false, &retrieval.OpError{Protocol: retrieval.IMAP, Op: "login", Err: err}
}

func unsafe(why string) error {
	return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "login", Text: safe.Line(why), Err: retrieval.ErrUnsafe}
}

// offered are the mechanisms of AUTHENTICATE (RFC 9051 section 7.2.2).
func (s *Session) offered() []string {
	var names []string
	for _, c := range s.Caps() {
		if len(c) > 5 && strings.EqualFold(c[:5], "AUTH=") {
			names = append(names, c[5:])
		}
	}
	return names
}

// token gets an access token; none where the account has a password.
func (s *Session) token(ctx context.Context, refused account.Password) (account.Password, error) {
	if !s.cfg.Guard.OAuth() {
		return account.Password{}, nil
	}
	token, err := s.cfg.Guard.Token(ctx, refused)
	if err != nil {
		return token, &retrieval.OpError{Protocol: retrieval.IMAP, Op: "get an access token", Err: err}
	}
	return token, nil
}

// logInBy sends the credentials once.
func (s *Session) logInBy(ctx context.Context, m account.Mechanism, unbound bool, token account.Password) error {
	user, password := s.cfg.Account.User, s.cfg.Password
	if m == account.PasswordCommand {
		err := guard(func() error { return s.client.Login(user, password.Reveal()).Wait() })
		return s.failLogin(ctx, err, "")
	}
	id := sasl.Identity{User: user, Password: password, Token: token, Address: s.cfg.Account.IMAP.Address, Unbound: unbound}
	if state, ok := s.conn.TLS(); ok {
		id.TLS = &state
	}
	client, err := sasl.New(m, id)
	if err != nil {
		return &retrieval.OpError{Protocol: retrieval.IMAP, Op: "login", Err: err}
	}
	proof := newProof()
	s.tap.proof.Store(proof)
	err = guard(func() error { return s.client.Authenticate(client) })
	if err == nil {
		err = client.Finish()
	}
	var no *goimap.Error
	fine := err == nil || errors.As(err, &no) // a refusal proves nothing, and wants nothing
	proof.judge(fine)
	if fine {
		s.tap.proof.Store(nil)
	}
	return s.failLogin(ctx, err, client.Refusal())
}

// failLogin tells a refusal of the credentials from other failures, and adds what
// the mechanism knows of it. Servers without response codes (Courier, Cyrus)
// refuse credentials with a bare NO. A broken exchange ends the connection: the
// library does not cancel it, and would have its next command taken for a response.
func (s *Session) failLogin(ctx context.Context, err error, why string) error {
	if err == nil {
		return nil
	}
	if fault := suspicious(err); fault != nil {
		s.mu.Lock()
		s.fault = fault
		s.mu.Unlock()
	}
	out := s.fail(ctx, "login", err)
	var op *retrieval.OpError
	if !errors.As(out, &op) {
		return out
	}
	var no *goimap.Error
	if errors.As(err, &no) && no.Type == goimap.StatusResponseTypeNo && op.Err == retrieval.ErrRefused {
		op.Err = retrieval.ErrAuth
	}
	if why = safe.Cut(safe.Line(s.conn.Hide(why)), 300); why != "" {
		op.Text = strings.TrimPrefix(op.Text+"; "+why, "; ")
	}
	return out
}

// suspicious says what a broken exchange means: a server that cannot prove
// itself is not the one that the account asks for. nil: it was not broken.
func suspicious(err error) error {
	switch {
	case errors.Is(err, sasl.ErrUnproven):
		return fmt.Errorf("%w: %w", retrieval.ErrUnsafe, err)
	case errors.Is(err, sasl.ErrChallenge):
		return fmt.Errorf("%w: %w", retrieval.ErrProtocol, err)
	}
	return nil
}

// failedLogin makes the error of a login that failed, and tells the Guard.
func (s *Session) failedLogin(m account.Mechanism, err error) error {
	e := &account.LoginError{Protocol: "imap", Address: s.cfg.Account.IMAP.Address, User: s.cfg.Account.User,
		Mechanism: m, Refused: errors.Is(err, retrieval.ErrAuth), Err: err}
	var op *retrieval.OpError
	if errors.As(err, &op) {
		e.Code = op.Code
	}
	s.cfg.Guard.Failure(e)
	return e
}
