// Package sasld is the server's side of SASL (RFC 4422) for every door of the
// demo account: IMAP, POP3 and submission offer the same mechanisms.
package sasld

import (
	"crypto/tls"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// How an exchange can fail.
var (
	ErrAuth      = errors.New("wrong user name or password")
	ErrMalformed = errors.New("malformed response") // that the mechanism does not allow; no credential was judged
)

// Backend knows the users.
type Backend interface {
	// Authenticate checks a password; ErrAuth when it is wrong.
	Authenticate(user, password string) error
	// Secret gives the stored password for challenge mechanisms.
	Secret(user string) (string, bool)
}

// Tokens is what a Backend may be besides: then OAUTHBEARER and XOAUTH2 are offered.
type Tokens interface {
	// Takes reports whether an access token is good for a user, who may be "": whose it is.
	Takes(user, token string) (owner string, ok bool)
}

// Door is one connection at which somebody logs in.
type Door struct {
	Backend Backend
	TLS     *tls.ConnectionState // nil: nothing protects it
}

// mechanism is one way in.
type mechanism struct {
	name string
	// clientFirst says that the client speaks first, so that the command may carry
	// an initial response.
	clientFirst bool
	start       func(d Door, proved *string) sasl.Server
}

// mechanisms in the server's order of liking.
var mechanisms = []mechanism{
	{"SCRAM-SHA-256-PLUS", true, func(d Door, proved *string) sasl.Server { return newScram(d, scram256, true, proved) }},
	{"SCRAM-SHA-256", true, func(d Door, proved *string) sasl.Server { return newScram(d, scram256, false, proved) }},
	{"SCRAM-SHA-1", true, func(d Door, proved *string) sasl.Server { return newScram(d, scram1, false, proved) }},
	{"OAUTHBEARER", true, func(d Door, proved *string) sasl.Server { return &bearerServer{d: d, proved: proved} }},
	{"XOAUTH2", true, func(d Door, proved *string) sasl.Server { return &bearerServer{d: d, proved: proved, x: true} }},
	{"CRAM-MD5", false, func(d Door, proved *string) sasl.Server { return &cramServer{backend: d.Backend, proved: proved} }},
	{"PLAIN", true, func(d Door, proved *string) sasl.Server { return newPlain(d.Backend, proved) }},
	{"LOGIN", true, func(d Door, proved *string) sasl.Server { return &loginServer{backend: d.Backend, proved: proved} }},
}

// Names lists what is offered here, the better first.
func (d Door) Names() []string {
	var names []string
	for _, m := range mechanisms {
		if d.offers(m) {
			names = append(names, m.name)
		}
	}
	return names
}

func (d Door) offers(m mechanism) bool {
	switch m.name {
	case "SCRAM-SHA-256-PLUS":
		return d.binding() != nil
	case "OAUTHBEARER", "XOAUTH2":
		_, ok := d.Backend.(Tokens)
		return ok && d.TLS != nil // whoever reads a token can use it (RFC 7628 section 4)
	}
	return true
}

// New starts a mechanism, by its name in any case; proved is set to the user when
// it ends well. Its Next gives ErrAuth, ErrMalformed or what the Backend said;
// the first response is nil when none came with the command. ok is false for one
// that is not offered.
func (d Door) New(name string, proved *string) (server sasl.Server, clientFirst, ok bool) {
	i := slices.IndexFunc(mechanisms, func(m mechanism) bool { return strings.EqualFold(m.name, name) })
	if i < 0 || !d.offers(mechanisms[i]) {
		return nil, false, false
	}
	return mechanisms[i].start(d, proved), mechanisms[i].clientFirst, true
}

// binding is what ties a login to this TLS connection: tls-exporter (RFC 9266);
// nil without TLS 1.3.
func (d Door) binding() []byte {
	if d.TLS == nil || d.TLS.Version < tls.VersionTLS13 {
		return nil
	}
	data, err := d.TLS.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil
	}
	return data
}
