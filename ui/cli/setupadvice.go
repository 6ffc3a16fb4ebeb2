package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"imapop/account"
	"imapop/account/certificate"
	"imapop/account/submission"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/ui/setup"
)

// Advise says, line by line, what usually stands in the way when logins fail
// like this, and what to do. What two sides have in common is said once.
func (b *setupBackend) Advise(trials []setup.Trial, f setup.Found) []string {
	var lines []string
	for _, t := range trials {
		if t.Err == nil {
			continue
		}
		for _, line := range advice(t, trials, f) {
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	for _, h := range f.Help {
		lines = append(lines, "the provider's page: "+h)
	}
	return lines
}

func advice(t setup.Trial, trials []setup.Trial, f setup.Found) []string {
	var bad *certificate.Error
	var name *net.DNSError
	err := t.Err
	switch {
	case errors.As(err, &bad):
		return certificateAdvice(bad)
	case t.Refused && accepted(trials):
		return []string{fmt.Sprintf("the other side took the same user name and password, so they are right: %s is most likely switched off for this account. Many providers have a switch for it in their web settings", sideName(t.Side))}
	case t.Refused:
		return passwordAdvice(err)
	case errors.Is(err, retrieval.ErrInUse):
		return []string{"another program has the maildrop open over POP3 at this moment: close it and try again"}
	case errors.Is(err, retrieval.ErrLoginDelay):
		return []string{"the server wants some time between two logins: wait a minute and try again"}
	case errors.Is(err, account.ErrUnsafe), errors.Is(err, submission.ErrUnsafe):
		return []string{"no password was sent: what protects the connection is not there on this port. Try the other kind (tls on 993, 995, 465; starttls on 143, 110, 587)"}
	case errors.As(err, &name):
		return []string{"the host name cannot be looked up: is it spelled right, and is this machine online?"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return append([]string{"nothing listens on this port: the service is switched off there, or a firewall refuses it"}, offAdvice(t.Side)...)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timeout(err):
		return []string{"no answer: a firewall on the way drops the port, or the host is down. Some networks let only 993 and 465 through"}
	case refusedLogin(err):
		return append([]string{"the server refused without saying that the password is wrong"}, offAdvice(t.Side)...)
	}
	return nil
}

// accepted reports whether a side took the credentials.
func accepted(trials []setup.Trial) bool {
	return slices.ContainsFunc(trials, func(t setup.Trial) bool { return t.Err == nil })
}

func sideName(p retrieval.Protocol) string {
	if p == retrieval.SMTP {
		return "submission"
	}
	return string(p)
}

func timeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func refusedLogin(err error) bool {
	return errors.Is(err, retrieval.ErrRefused) || errors.Is(err, submission.ErrRefused) || errors.Is(err, retrieval.ErrSysPerm)
}

// passwordAdvice knows the usual reasons why a right password is refused.
func passwordAdvice(err error) []string {
	lines := []string{"the servers do not say whether the user name or the password is wrong. The usual reasons:",
		"- a typing error, or the user name is only the part before the @ (or the whole address)",
		"- the provider wants an app password: a second, long one for programs, made in its web settings; usual with two-step login",
		"- IMAP and POP3 are switched off for this account until they are switched on in its web settings"}
	said := strings.ToLower(err.Error())
	if strings.Contains(said, "web") || strings.Contains(said, "oauth") || strings.Contains(said, "application-specific") {
		lines = append(lines, "- the server's own words point at its web pages: it may take OAuth 2.0 tokens only, and no password at all")
	}
	return lines
}

// offAdvice is for a service that may be switched off.
func offAdvice(p retrieval.Protocol) []string {
	if p != retrieval.POP3 {
		return nil
	}
	return []string{"many providers have POP3 switched off until it is switched on in their web settings; without it imapop cannot open the account"}
}

// certificateAdvice says what is wrong with a certificate and the ways out.
// None of them is to go on as if it were right.
func certificateAdvice(e *certificate.Error) []string {
	var line string
	switch e.Problem {
	case certificate.Expired:
		line = "the server's owner has to renew it; until then nobody can tell this server from an impostor"
	case certificate.NotYetValid:
		line = "is the clock of this machine right?"
	case certificate.WrongHost:
		line = "use the name that the certificate is for, if the server has it: " + strings.Join(e.Names, ", ")
	case certificate.UnknownAuthority:
		line = "a company or a server of your own may have its own authority: get its certificate from whoever runs it and pass it with --ca-file FILE"
	default:
		line = "ask whoever runs the server"
	}
	lines := []string{"no password was sent", safe.Line(line)}
	if e.Problem != certificate.OtherKey {
		lines = append(lines, "who runs the server can also tell you the SHA-256 of its key; pin = \""+e.Pin.String()+"\" in the file would trust exactly the key that was shown now")
	}
	return lines
}
