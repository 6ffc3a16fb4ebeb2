package pop3d

import (
	"encoding/base64"
	"strings"

	"github.com/emersion/go-sasl"
)

// mechanism is one way through AUTH.
type mechanism struct {
	name string
	// clientFirst says that the client speaks first, so that AUTH may carry
	// an initial response (RFC 5034 section 4).
	clientFirst bool
	start       func(b Backend, proved *string) sasl.Server
}

// mechanisms in the server's order of liking.
var mechanisms = []mechanism{
	{"SCRAM-SHA-256", true, newScram},
	{"CRAM-MD5", false, newCram},
	{"PLAIN", true, newPlain},
	{"LOGIN", true, newLogin},
}

func mechanismNames() []string {
	var names []string
	for _, m := range mechanisms {
		names = append(names, m.name)
	}
	return names
}

// auth answers AUTH mechanism [initial-response] (RFC 5034 section 4).
func (s *session) auth(arg string) error {
	name, initial, given := strings.Cut(strings.TrimRight(arg, " "), " ")
	if !s.canLogin() {
		return errNeedTLS
	}
	for _, m := range mechanisms {
		if !strings.EqualFold(m.name, name) {
			continue
		}
		var response []byte
		if given {
			if !m.clientFirst {
				return bad("%s begins with the server", m.name)
			}
			var err error
			if response, err = decodeInitial(initial); err != nil {
				return err
			}
		}
		return s.exchange(m, response)
	}
	return bad("unknown mechanism, try %s", strings.Join(mechanismNames(), " "))
}

// exchange runs a mechanism to its end. A nil response is one that was not given.
func (s *session) exchange(m mechanism, response []byte) error {
	var user string
	server := m.start(s.srv.o.Backend, &user)
	for {
		challenge, done, err := server.Next(response)
		if err != nil {
			return s.denied(err)
		}
		if done {
			return s.enter(user)
		}
		s.w.WriteString("+ " + base64.StdEncoding.EncodeToString(challenge) + "\r\n")
		if response, err = s.readResponse(); err != nil {
			return err
		}
	}
}

// readResponse reads one response line; "*" cancels.
func (s *session) readResponse() ([]byte, error) {
	line, err := s.readLine(maxResponse)
	if err != nil {
		return nil, err
	}
	if line == "*" {
		return nil, refuse("authentication cancelled")
	}
	return decode(line)
}

// decodeInitial reads the initial response, where "=" is an empty one.
func decodeInitial(s string) ([]byte, error) {
	if s == "=" {
		return []byte{}, nil
	}
	if s == "" {
		return nil, errBase64
	}
	return decode(s)
}

var errBase64 = bad("that is not base64")

// decode gives never nil without an error: to go-sasl nil is "not given".
func decode(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return append([]byte{}, b...), nil
}
