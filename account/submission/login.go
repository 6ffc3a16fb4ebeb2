package submission

import (
	"errors"
	"strconv"
	"strings"

	"imapop/account"
	"imapop/account/sasl"
)

// maxAuth is the longest AUTH command, CRLF included (RFC 4954 section 4): a longer
// initial response waits for the server to ask.
const maxAuth = 512

// login authenticates by the strongest mechanism that is offered and permitted. A
// server with none gets no mail of ours; a refusal is final, but for a fresh
// token once.
func (s *session) login(a account.Account, pw account.Password, g *sasl.Guard) error {
	if err := s.client.Hello(helloName); err != nil {
		return s.fail("EHLO", err)
	}
	_, offered := s.client.Extension("AUTH")
	ep := a.Submission
	m, unbound, err := sasl.Choose(sasl.Offer{Mechanisms: strings.Fields(offered)},
		sasl.Terms{Endpoint: ep, OAuth: g.OAuth(), TLS: s.conn.tls, NotBelow: g.NotBelow(ep.Address)})
	if err != nil {
		return s.fail("login", err)
	}
	id := sasl.Identity{User: a.User, Password: pw, Address: ep.Address, TLS: s.conn.tls, Unbound: unbound}
	if id.Token, err = s.token(g, account.Password{}); err != nil {
		return err
	}
	err = s.loginBy(m, id)
	if errors.Is(err, ErrAuth) && m.UsesToken() {
		if fresh, renewed := s.token(g, id.Token); renewed == nil && fresh != id.Token {
			id.Token = fresh
			err = s.loginBy(m, id)
		}
	}
	if err != nil {
		return failedLogin(g, a, m, err)
	}
	g.Success(ep.Address)
	return nil
}

// token gets an access token; none where the account has a password.
func (s *session) token(g *sasl.Guard, refused account.Password) (account.Password, error) {
	if !g.OAuth() {
		return account.Password{}, nil
	}
	token, err := g.Token(s.ctx, refused)
	if err != nil {
		return token, s.fail("get an access token", err)
	}
	s.conn.hide(token.Reveal())
	return token, nil
}

func (s *session) loginBy(m account.Mechanism, id sasl.Identity) error {
	client, err := sasl.New(m, id)
	if err != nil {
		return s.fail("login", err)
	}
	mechanism := client
	if tooLong(m, id) {
		client = sasl.Deferred(client)
	}
	if err = s.client.Auth(client); err == nil {
		err = mechanism.Finish()
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sasl.ErrUnproven):
		return &Error{Step: "login", Err: errors.Join(ErrUnsafe, err)}
	}
	e := s.fail("login", err)
	if why := s.conn.clean(mechanism.Refusal()); why != "" {
		e.Text = strings.TrimPrefix(e.Text+"; "+why, "; ")
	}
	return e
}

// tooLong reports whether the initial response has no room in the command. Only
// what holds a name or a token can be that long.
func tooLong(m account.Mechanism, id sasl.Identity) bool {
	n := len(id.User) + len(id.Password.Reveal()) + len(id.Token.Reveal()) + len(id.Address) + 100
	return len("AUTH ")+len(m)+n*4/3 > maxAuth
}

// failedLogin makes the error of a login that failed, and tells the Guard.
func failedLogin(g *sasl.Guard, a account.Account, m account.Mechanism, err error) error {
	e := &account.LoginError{Protocol: "submission", Address: a.Submission.Address, User: a.User,
		Mechanism: m, Refused: errors.Is(err, ErrAuth), Err: err}
	var said *Error
	if errors.As(err, &said) && said.Code != 0 {
		e.Code = strconv.Itoa(said.Code)
	}
	g.Failure(e)
	return e
}
