package setup

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"imapop/account"
	"imapop/retrieval"
)

// usual are the ports of each side, with implicit TLS and with the upgrade (RFC 8314 section 3).
var usual = map[retrieval.Protocol]map[account.Security]string{
	retrieval.IMAP: {account.TLS: "993", account.StartTLS: "143"},
	retrieval.POP3: {account.TLS: "995", account.StartTLS: "110"},
	retrieval.SMTP: {account.TLS: "465", account.StartTLS: "587"},
}

// ParseEndpoint reads what a person types: "host:port/security", of which port
// and security may be left out where they are the usual ones.
func ParseEndpoint(p retrieval.Protocol, s string) (account.Endpoint, error) {
	rest, security, named := strings.Cut(strings.TrimSpace(s), "/")
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		host, port = strings.Trim(rest, "[]"), ""
	}
	e := account.Endpoint{Security: account.Security(security)}
	if _, known := usual[p][e.Security]; named && !known && e.Security != account.Plaintext {
		return e, fmt.Errorf("%q: security %q is none of tls, starttls, plaintext", s, security)
	}
	if !named {
		e.Security = account.TLS
		if port != "" && port == usual[p][account.StartTLS] {
			e.Security = account.StartTLS
		}
	}
	if port == "" {
		port = usual[p][e.Security]
	}
	if host == "" || port == "" || strings.ContainsAny(host, " \t@") {
		return account.Endpoint{}, fmt.Errorf("%q is not host:port/security, such as %s:%s/tls", s, example(p), usual[p][account.TLS])
	}
	e.Address = net.JoinHostPort(host, port)
	if err := e.Check(); err != nil {
		return account.Endpoint{}, err
	}
	if p == retrieval.SMTP && port == "25" {
		return account.Endpoint{}, errors.New("port 25 is where servers hand mail to servers; people submit on 465 or 587 (RFC 8314 section 3.3)")
	}
	return e, nil
}

func example(p retrieval.Protocol) string {
	return map[retrieval.Protocol]string{retrieval.IMAP: "imap", retrieval.POP3: "pop", retrieval.SMTP: "smtp"}[p] + ".example.org"
}
