package pop3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"imapop/account/sasl"
	"imapop/retrieval"
	"imapop/retrieval/safe"
)

// maxCommand is the longest command line, CRLF included (RFC 2449 section 4).
const maxCommand = 255

// exchange runs a SASL mechanism (RFC 5034). The initial response goes with the
// command where it fits the line; a server that asks for it all the same gets it
// once. Whatever breaks the mechanism ends the connection: a cancelled exchange
// would be one more thing that the two sides could take differently.
func (s *Session) exchange(ctx context.Context, c sasl.Client) error {
	s.proving = true
	defer func() { s.proving = false }()
	name, first, err := c.Start()
	if err != nil {
		return opError("login", err)
	}
	command := "AUTH " + name
	if with := command + " " + initial(first); first != nil && len(with)+2 <= maxCommand {
		command = with
	}
	for {
		r, err := s.ask(ctx, "login", command)
		switch {
		case err != nil:
			return err
		case r.ok:
			return s.finished(ctx, c)
		case !r.more:
			return explained(refused("login", r, retrieval.ErrAuth), c)
		}
		response, err := s.respond(c, r.text, &first)
		if err != nil {
			return s.broken(ctx, "login", suspicious(err))
		}
		command = base64.StdEncoding.EncodeToString(response)
	}
}

// respond answers one challenge.
func (s *Session) respond(c sasl.Client, text []byte, first *[]byte) ([]byte, error) {
	challenge, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("%w: it is not base64", sasl.ErrChallenge)
	}
	if response := *first; len(challenge) == 0 && response != nil {
		*first = nil
		return response, nil
	}
	*first = nil
	return c.Next(challenge)
}

// finished believes a success only when the mechanism does.
func (s *Session) finished(ctx context.Context, c sasl.Client) error {
	if err := c.Finish(); err != nil {
		return s.broken(ctx, "login", suspicious(err))
	}
	return nil
}

// suspicious says what a broken exchange means: a server that cannot prove
// itself is not the one that the account asks for.
func suspicious(err error) error {
	if errors.Is(err, sasl.ErrUnproven) {
		return fmt.Errorf("%w: %w", retrieval.ErrUnsafe, err)
	}
	return fmt.Errorf("%w: %w", retrieval.ErrProtocol, err)
}

// explained adds what the mechanism knows of a refusal.
func explained(e *retrieval.OpError, c sasl.Client) error {
	if why := cut(safe.Line(c.Refusal()), 300); why != "" {
		if e.Text != "" {
			e.Text += "; "
		}
		e.Text += why
	}
	return e
}

// initial writes an initial response, where "=" is an empty one (RFC 5034 section 4).
func initial(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}
