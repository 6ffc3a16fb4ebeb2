// Package sasl is how an account proves itself to a server, the same for IMAP,
// POP3 and submission: it chooses the strongest mechanism that both sides have,
// and is the client's part of it (RFC 4422) in the shape of go-sasl, which the
// protocol libraries take. It opens no connection.
package sasl

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	gosasl "github.com/emersion/go-sasl"

	"imapop/account"
)

// Client is one exchange. It is used once, by one goroutine. After any error the
// connection must be closed: what is sent next could be taken for a response.
type Client interface {
	gosasl.Client
	// Finish is asked when the server has said that the login succeeded. An error
	// means that it must not be believed: ErrUnproven.
	Finish() error
	// Refusal adds what the server said within the exchange about why it refused,
	// or what of this mechanism explains it; "" when there is nothing to add. It is
	// not cleaned.
	Refusal() string
}

// The errors of an exchange, found with errors.Is.
var (
	ErrUnproven  = errors.New("the server did not prove that it knows the password") // it may be an impostor; nothing that it says counts
	ErrChallenge = errors.New("the server's challenge breaks the mechanism")
)

// Identity is who logs in, and by what.
type Identity struct {
	User     string
	Password account.Password // for the mechanisms that are built on one
	Token    account.Password // OAuth's access token; for OAUTHBEARER and XOAUTH2
	Address  string           // host:port as dialed; OAUTHBEARER names it
	// TLS is what protects the connection; nil: nothing does. It is what -PLUS binds to.
	TLS *tls.ConnectionState
	// Unbound says that the server offered no -PLUS though this side has a binding:
	// a server that did offer it then knows that somebody took it away (RFC 5802 section 6).
	Unbound bool
}

// New begins a mechanism. CR, LF and NUL in user, password and token are refused
// (account.CheckCredential), as is a mechanism that is no SASL: APOP and PASSWORD.
func New(m account.Mechanism, id Identity) (Client, error) {
	if err := account.CheckCredential("the user", id.User); err != nil {
		return nil, err
	}
	what, secret := "the password", id.Password
	if m.UsesToken() {
		what, secret = "the access token", id.Token
	}
	if err := account.CheckCredential(what, secret.Reveal()); err != nil {
		return nil, err
	}
	switch m {
	case account.ScramSHA256Plus, account.ScramSHA256, account.ScramSHA1Plus, account.ScramSHA1:
		return newScram(m, id)
	case account.OAuthBearer, account.XOAuth2:
		return newBearer(m, id), nil
	case account.CramMD5:
		return &cram{user: id.User, password: id.Password.Reveal()}, nil
	case account.Plain:
		return &single{Client: gosasl.NewPlainClient("", id.User, id.Password.Reveal())}, nil
	case account.Login:
		return &login{user: id.User, password: id.Password.Reveal()}, nil
	}
	return nil, fmt.Errorf("%s is no SASL mechanism that imapop has", m)
}

// single is a go-sasl client that says everything in its initial response.
type single struct{ gosasl.Client }

func (s *single) Next([]byte) ([]byte, error) { return nil, ErrChallenge }
func (s *single) Finish() error               { return nil }
func (s *single) Refusal() string             { return "" }

// login is LOGIN (draft-murchison-sasl-login). go-sasl's insists on the prompts'
// wording; servers differ in it ("Username:", "User Name"), and in whether they
// take an initial response, which is therefore not sent.
type login struct {
	user, password string
	step           int
}

func (l *login) Start() (string, []byte, error) { return gosasl.Login, nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, ErrChallenge
}

func (l *login) Finish() error   { return nil }
func (l *login) Refusal() string { return "" }

// Deferred is a client whose initial response goes out as the answer to an empty
// challenge: for a command line that has no room for it (RFC 5034 section 4, RFC 4954 section 4).
func Deferred(c Client) Client { return &deferred{Client: c} }

type deferred struct {
	Client
	first []byte
}

func (d *deferred) Start() (mech string, ir []byte, err error) {
	mech, d.first, err = d.Client.Start()
	return mech, nil, err
}

func (d *deferred) Next(challenge []byte) ([]byte, error) {
	if first := d.first; first != nil {
		d.first = nil
		if len(challenge) > 0 {
			return nil, ErrChallenge
		}
		return first, nil
	}
	return d.Client.Next(challenge)
}

// hostPort splits a dialed address; zero where it has no number for a port.
func hostPort(address string) (host string, port int) {
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0
	}
	port, _ = strconv.Atoi(p)
	return host, port
}
