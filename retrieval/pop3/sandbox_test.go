package pop3

import (
	"context"
	"crypto/x509"
	"os"
	"testing"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/wire"
)

// demo starts the demo account and gives the configuration for one way in.
func demo(t *testing.T, o sandbox.Options, security account.Security) Config {
	t.Helper()
	srv, err := sandbox.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	info := srv.Info()
	pem, err := os.ReadFile(info.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	ep := account.Endpoint{Address: info.POP3, Security: security}
	if security == account.TLS {
		ep.Address = info.POP3S
	}
	return Config{Account: account.Account{User: info.User, POP3: ep},
		Password: account.NewPassword(info.Password), Wire: wire.Options{Roots: roots}}
}

func TestSandbox(t *testing.T) {
	for _, security := range []account.Security{account.TLS, account.StartTLS, account.Plaintext} {
		t.Run(string(security), func(t *testing.T) {
			s := openWith(t, demo(t, sandbox.Options{Messages: 500}, security))
			drop, err := s.Snapshot(t.Context())
			if err != nil || len(drop.Entries) < 500 || !drop.HasUIDL || drop.Entries[0].UniqueID == "" {
				t.Fatalf("%d entries, %v", len(drop.Entries), err)
			}
			got, err := fetch(s, upTo(len(drop.Entries))...)
			if err != nil {
				t.Fatal(err)
			}
			for n, r := range got.result {
				if got.errs[n] != nil || r.Octets != r.Listed || r.Short {
					t.Errorf("message %d: %+v, %v", n, r, got.errs[n])
				}
			}
			check(t, s.Delete(t.Context(), []int{2, 4}, nil), nil)
			q, err := s.Quit(t.Context())
			if err != nil || !q.OK || len(q.Marked) != 2 {
				t.Errorf("quit %+v, %v", q, err)
			}
		})
	}
}

// The lock of a maildrop is told from a wrong password.
func TestSandboxLock(t *testing.T) {
	c := demo(t, sandbox.Options{}, account.TLS)
	first := openWith(t, c)
	_, err := Open(t.Context(), c)
	check(t, err, retrieval.ErrInUse)
	first.Drop()
	<-first.Done()
	wrong := c
	wrong.Password = account.NewPassword("wrong")
	_, err = Open(t.Context(), wrong)
	check(t, err, retrieval.ErrAuth)
}

func TestSandboxWithoutUIDL(t *testing.T) {
	s := openWith(t, demo(t, sandbox.Options{Policies: map[string]string{"uidl": "no"}}, account.TLS))
	drop, err := s.Snapshot(t.Context())
	if err != nil || drop.HasUIDL || len(drop.Entries) == 0 {
		t.Errorf("%+v, %v", drop, err)
	}
}

// APOP shows the password to nobody, also where nothing protects the connection.
func TestSandboxAPOP(t *testing.T) {
	c := demo(t, sandbox.Options{Policies: map[string]string{"apop": "yes"}}, account.Plaintext)
	c.APOP = true
	s := openWith(t, c)
	if s.State() != retrieval.POP3Transaction || !s.Security().Plaintext {
		t.Errorf("%s, %s", s.State(), s.Security())
	}
	c.Password = account.NewPassword("wrong")
	s.Drop()
	_, err := Open(t.Context(), c)
	check(t, err, retrieval.ErrAuth)
}
