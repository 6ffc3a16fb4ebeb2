package sending

import (
	"fmt"
	"net"
	"strings"

	"imapop/account"
	"imapop/account/draft"
	"imapop/account/submission"
	"imapop/retrieval"
)

// Plan says what sending a draft will do, protocol by protocol, before anything is
// done. The error is what keeps it from being sent.
func (s *Sender) Plan(d draft.Draft) (draft.Plan, error) {
	m, err := s.Build(d)
	if err != nil {
		return draft.Plan{}, err
	}
	a := s.o.Account
	if a.Submission.Address == "" {
		return draft.Plan{}, fmt.Errorf("submission: %w: add [accounts.%s.submission] with its address to the configuration", account.ErrNoEndpoint, a.Name)
	}
	if err := submission.CheckEndpoint(a.Submission); err != nil {
		return draft.Plan{}, err
	}
	p := draft.Plan{Octets: int64(len(m.Octets)), Warnings: warnings(d)}
	add := func(protocol, text string) { p.Steps = append(p.Steps, draft.Step{Protocol: protocol, Text: text}) }
	add("SMTP", fmt.Sprintf("MAIL FROM %s, RCPT TO %s: %s in one DATA to %s (%s, RFC 6409)", m.From, strings.Join(m.To, ", "),
		retrieval.Octets(p.Octets), a.Submission.Address, security(a.Submission)))
	if m.Bcc != "" {
		add("SMTP", "Bcc is in the envelope only: no recipient sees it")
	}
	if m.UTF8 {
		add("SMTP", "an address has letters beyond ASCII: the server must offer SMTPUTF8 (RFC 6531), or nothing is sent")
	}
	if s.o.OpenIMAP != nil {
		add("IMAP", "a copy goes into Sent by APPEND, unless the server puts it there itself; every device sees it")
	}
	add("POP3", "has nowhere to put a copy: it only retrieves (RFC 1939)")
	if d.Stored {
		add("IMAP", "its copy in Drafts is removed (STORE \\Deleted, UID EXPUNGE)")
	}
	return p, nil
}

func security(e account.Endpoint) string {
	_, port, _ := net.SplitHostPort(e.Address)
	switch e.Security {
	case account.TLS:
		return "TLS from the first octet, as port 465 has it"
	case account.StartTLS:
		return "STARTTLS, as port 587 has it"
	}
	return "port " + port + ", NOTHING protects it"
}

// warnings are what a person may have overlooked.
func warnings(d draft.Draft) (out []string) {
	if strings.TrimSpace(d.Subject) == "" {
		out = append(out, "there is no subject")
	}
	if strings.TrimSpace(d.Text) == "" && len(d.Attach) == 0 {
		out = append(out, "there is no text")
	}
	own := d.Text
	if i := strings.Index(own, "\n>"); i >= 0 { // what is quoted is not one's own
		own = own[:i]
	}
	if len(d.Attach) == 0 && strings.Contains(strings.ToLower(own), "attach") {
		out = append(out, "the text speaks of an attachment, and there is none")
	}
	return out
}
