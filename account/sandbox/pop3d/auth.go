package pop3d

import (
	"crypto/tls"
	"encoding/base64"
	"strings"

	"github.com/emersion/go-sasl"

	"imapop/account/sandbox/sasld"
)

// door is this connection as SASL sees it.
func (s *session) door() sasld.Door {
	d := sasld.Door{Backend: s.srv.o.Backend}
	if secured, ok := s.conn.(*tls.Conn); ok {
		state := secured.ConnectionState()
		d.TLS = &state
	}
	return d
}

// auth answers AUTH mechanism [initial-response] (RFC 5034 section 4).
func (s *session) auth(arg string) error {
	name, initial, given := strings.Cut(strings.TrimRight(arg, " "), " ")
	if !s.canLogin() {
		return errNeedTLS
	}
	var user string
	server, clientFirst, ok := s.door().New(name, &user)
	if !ok {
		return bad("unknown mechanism, try %s", strings.Join(s.door().Names(), " "))
	}
	var response []byte
	if given {
		if !clientFirst {
			return bad("%s begins with the server", strings.ToUpper(name))
		}
		var err error
		if response, err = decodeInitial(initial); err != nil {
			return err
		}
	}
	return s.exchange(server, &user, response)
}

// exchange runs a mechanism to its end. A nil response is one that was not given.
func (s *session) exchange(server sasl.Server, user *string, response []byte) error {
	for {
		challenge, done, err := server.Next(response)
		if err != nil {
			return s.denied(err)
		}
		if done {
			return s.enter(*user)
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
