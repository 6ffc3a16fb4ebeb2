package dovecot

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// owner is who the mail belongs to and whom the helper processes run as.
type owner struct {
	user, group    string // of the mail
	internal, null string // default_internal_user, default_login_user
	internalGroup  string
	uid, gid       int
	root           bool
}

func whoOwns() (owner, error) {
	if os.Getuid() != 0 {
		me, err := user.Current()
		if err != nil {
			return owner{}, err
		}
		g, err := user.LookupGroupId(me.Gid)
		if err != nil {
			return owner{}, err
		}
		return owner{user: me.Username, group: g.Name, internal: me.Username, null: me.Username, internalGroup: g.Name,
			uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return owner{}, err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return owner{}, err
	}
	o := owner{user: "nobody", group: g.Name, internal: "dovecot", null: "dovenull", root: true}
	if o.uid, err = strconv.Atoi(u.Uid); err != nil {
		return owner{}, err
	}
	o.gid, err = strconv.Atoi(u.Gid)
	return o, err
}

// prepare makes the directories, the certificate and the first mail.
func (s *Server) prepare(o Options) error {
	own, err := whoOwns()
	if err != nil {
		return err
	}
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"run", "mail", filepath.Join("mail", User)} {
		if err := os.MkdirAll(filepath.Join(s.Dir, d), 0o755); err != nil {
			return err
		}
	}
	if err := s.certificate(); err != nil {
		return err
	}
	users := fmt.Sprintf("%s:{PLAIN}%s\n", User, Password)
	if err := os.WriteFile(filepath.Join(s.Dir, "users"), []byte(users), 0o644); err != nil {
		return err
	}
	if o.FillInbox > 0 {
		if err := s.fill(o.FillInbox); err != nil {
			return err
		}
	}
	if !own.root {
		return nil
	}
	return filepath.WalkDir(filepath.Join(s.Dir, "mail"), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, own.uid, own.gid)
	})
}

// fill writes n messages into INBOX, the way a server would have stored them.
func (s *Server) fill(n int) error {
	for _, d := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.Maildir, d), 0o700); err != nil {
			return err
		}
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := 1; i <= n; i++ {
		at := start.Add(time.Duration(i) * time.Second)
		msg := Message(i, at)
		stored := strings.ReplaceAll(msg, "\r\n", "\n")
		name := fmt.Sprintf("%d.M%dP1.filled,S=%d,W=%d:2,", at.Unix(), i, len(stored), len(msg))
		if err := os.WriteFile(filepath.Join(s.Maildir, "cur", name), []byte(stored), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Message is the i-th message of a filled INBOX, with CRLF. Its Message-ID is
// "<i@filled.example>".
func Message(i int, at time.Time) string {
	return fmt.Sprintf("From: Sender %d <sender%d@example.org>\r\nTo: Alice <alice@example.org>\r\n"+
		"Subject: Message number %d\r\nDate: %s\r\nMessage-ID: <%d@filled.example>\r\n\r\nThis is message %d.\r\n",
		i%50, i%50, i, at.Format(time.RFC1123Z), i, i)
}

// certificate writes ca.pem, cert.pem and key.pem for localhost and 127.0.0.1.
func (s *Server) certificate() error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	caPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	s.CAPool = x509.NewCertPool()
	s.CAPool.AppendCertsFromPEM(caPEM)
	for name, b := range map[string][]byte{
		"ca.pem":   caPEM,
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}),
		"key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
