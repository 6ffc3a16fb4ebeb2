package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/dovecot"
	"imapop/retrieval"
	"imapop/retrieval/check"
	"imapop/retrieval/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

const mailHost = "mail.example.test"

// dialer reaches the server under the usual ports of a host that does not exist,
// from an address that is not the server's own: Dovecot counts that as safe.
func dialer(s *dovecot.Server) func(context.Context, string, string) (net.Conn, error) {
	ports := map[string]string{"993": s.IMAPS, "143": s.IMAP, "995": s.POP3S, "110": s.POP3}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(address)
		to, ok := ports[port]
		if !ok {
			to = "127.0.0.1:1"
		}
		return d.DialContext(ctx, network, to)
	}
}

// good is a certificate that nobody complains of.
var good = dovecot.Certificate{Names: []string{mailHost}, Life: 90 * 24 * time.Hour}

// servers are one that is set up well and four that are not; wants are the
// findings on the wire that an expert would name, the worst first.
var servers = []struct {
	name    string
	options dovecot.Options
	imap    account.Endpoint
	pop3    account.Endpoint
	message bool
	outside bool // without logins: what this program then tries is not this test's affair
	wants   []string
}{
	{
		name: "well", message: true,
		options: dovecot.Options{Certificate: good, ExtraConf: "auth_mechanisms = plain scram-sha-256\ndisable_plaintext_auth = yes\nssl = required"},
		imap:    account.Endpoint{Address: mailHost + ":993", Security: account.TLS},
		pop3:    account.Endpoint{Address: mailHost + ":995", Security: account.TLS},
		wants:   []string{"info plain-port IMAP POP3", "info same-inbox", "info retr-sets-seen POP3"},
	},
	{
		name: "expired",
		options: dovecot.Options{Certificate: dovecot.Certificate{Names: []string{mailHost}, Life: -72 * time.Hour, SelfSigned: true},
			ExtraConf: "disable_plaintext_auth = yes"},
		imap:  account.Endpoint{Address: mailHost + ":993", Security: account.TLS},
		pop3:  account.Endpoint{Address: mailHost + ":110", Security: account.StartTLS},
		wants: []string{"serious certificate-expired IMAP POP3", "serious certificate-self-signed IMAP POP3", "info plain-port IMAP POP3"},
	},
	{
		name:    "no-tls",
		options: dovecot.Options{NoTLS: true, ExtraConf: "ssl = no\ndisable_plaintext_auth = no"},
		imap:    account.Endpoint{Address: mailHost + ":143", Security: account.StartTLS},
		pop3:    account.Endpoint{Address: mailHost + ":110", Security: account.Plaintext, Insecure: true},
		wants: []string{"serious starttls-missing IMAP POP3", "serious no-tls IMAP POP3", "serious plaintext-login IMAP POP3",
			"serious account-plaintext POP3"},
	},
	{
		name: "old-tls",
		options: dovecot.Options{Certificate: dovecot.Certificate{Names: []string{mailHost}, Life: 10*24*time.Hour + time.Hour},
			ExtraConf: "ssl_min_protocol = TLSv1\nssl_cipher_list = ALL:@SECLEVEL=0\ndisable_plaintext_auth = no"},
		imap: account.Endpoint{Address: mailHost + ":143", Security: account.StartTLS},
		pop3: account.Endpoint{Address: mailHost + ":995", Security: account.TLS},
		wants: []string{"serious plaintext-login IMAP POP3", "warning certificate-expires IMAP POP3", "warning tls-old-accepted IMAP POP3",
			"notice prefer-implicit-tls IMAP", "info password-mechanisms-only IMAP POP3"},
	},
	{
		name: "weak", outside: true,
		options: dovecot.Options{Certificate: good, NoTLS: true,
			ExtraConf: "auth_mechanisms = cram-md5 anonymous\nimap_capability = IMAP4rev1 SASL-IR LITERAL+ ID ENABLE\n" +
				"service imap-login {\n  inet_listener imaps {\n    port = 0\n  }\n}\n"},
		imap: account.Endpoint{Address: mailHost + ":143", Security: account.StartTLS},
		pop3: account.Endpoint{Address: mailHost + ":995", Security: account.TLS},
		wants: []string{"warning challenge-before-tls IMAP POP3", "warning anonymous-login IMAP POP3", "warning weak-mechanisms-only IMAP",
			"notice starttls-only IMAP", "notice weak-mechanisms POP3", "notice protocols-differ"},
	},
}

// TestDovecots checks one Dovecot that is set up well and four that are not, and
// wants exactly the findings that an expert would name, in text and in JSON.
func TestDovecots(t *testing.T) {
	for _, c := range servers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := dovecot.Start(t, c.options)
			a := account.Account{Name: "test", User: s.User, IMAP: c.imap, POP3: c.pop3}
			o := Options{Account: a, Password: account.NewPassword(s.Password), Message: c.message, Wire: wire.Options{Roots: s.CAPool, Dialer: dialer(s)}}
			if c.outside {
				o.Seen = &retrieval.View{}
			}
			facts, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			steady(t, &facts)
			r := check.BuildReport(facts)
			if got := told(r); strings.Join(got, "\n") != strings.Join(c.wants, "\n") {
				t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.wants, "\n"))
			}
			if r.Good != (c.name == "well") {
				t.Errorf("good: %v", r.Good)
			}
			golden(t, c.name+".txt", normal(r.Text(80)))
			golden(t, c.name+".json", normalJSON(t, r))
		})
	}
}

// told lists the findings of the wire: level, id, sides.
func told(r check.Report) []string {
	var out []string
	for _, f := range r.Findings {
		if !f.OnTheWire {
			continue
		}
		s := string(f.Level) + " " + f.ID
		for _, p := range f.About {
			s += " " + string(p)
		}
		out = append(out, s)
	}
	return out
}

// steady takes out of the facts what differs from run to run and has a width:
// durations, and the mechanism, which is chosen elsewhere.
func steady(t *testing.T, f *check.Facts) {
	t.Helper()
	for _, s := range []*check.Side{f.IMAP, f.POP3} {
		for i := range s.Doors {
			s.Doors[i].TookMS = 7
		}
		if s.Login != nil && s.Login.OK {
			if s.Login.Mechanism == "" {
				t.Errorf("%s logged in by nothing", s.Protocol)
			}
			s.Login.Mechanism = "PLAIN"
		}
	}
}

// changing is what else differs: times, keys, ports of this machine.
var changing = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z0-9+-]+`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d`), "YYYY-MM-DD"},
	{regexp.MustCompile(`sha256//[A-Za-z0-9+/=]+`), "PIN"},
	{regexp.MustCompile(`127\.0\.0\.[12]:\d+`), "127.0.0.1:PORT"},
}

func normal(s string) string {
	for _, c := range changing {
		s = c.what.ReplaceAllString(s, c.by)
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func normalJSON(t *testing.T, r check.Report) string {
	t.Helper()
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return normal(string(b)) + "\n"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, got)
	}
}
