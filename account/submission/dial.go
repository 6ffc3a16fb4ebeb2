package submission

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"time"

	"imapop/account"
	"imapop/account/certificate"
)

// helloName is said in EHLO: the machine's own name is nobody's business.
const helloName = "localhost"

// dial connects and puts the endpoint's security in place; the greeting is left
// to be read. No credential is sent here.
func dial(ctx context.Context, a account.Account, o Options, pw account.Password) (*tap, error) {
	ep := a.Submission
	roots, err := roots(a, o)
	if err != nil {
		return nil, &Error{Step: "certificates", Err: err}
	}
	config := certificate.Config(ep, roots)
	connect := o.Dialer
	if connect == nil {
		connect = (&net.Dialer{}).DialContext
	}
	dialCtx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, err := connect(dialCtx, "tcp", ep.Address)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // without the address, which the step names
		}
		return nil, &Error{Step: "connect to " + ep.Address, Err: cause(ctx, err)}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	secured, step, err := secure(ctx, conn, ep.Security, config, func(c net.Conn) *tap {
		return newTap(c, o.Line, a.User, pw)
	})
	stop()
	if err != nil {
		conn.Close()
		if step == "TLS" {
			err = certificate.Explain(ep, err)
		}
		return nil, &Error{Step: step, Err: cause(ctx, err)}
	}
	return secured, nil
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func roots(a account.Account, o Options) (*x509.CertPool, error) {
	if o.Roots != nil || a.CAFile == "" {
		return o.Roots, nil
	}
	pem, err := os.ReadFile(a.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", a.CAFile)
	}
	return pool, nil
}

// secure returns the tapped connection with its protection in place.
func secure(ctx context.Context, conn net.Conn, s account.Security, config *tls.Config, tapped func(net.Conn) *tap) (*tap, string, error) {
	switch s {
	case account.Plaintext:
		return tapped(conn), "", nil
	case account.StartTLS:
		if err := upgrade(tapped(conn)); err != nil {
			return nil, "STARTTLS", err
		}
	}
	conn.SetDeadline(time.Now().Add(connectTime))
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, "TLS", err
	}
	conn.SetDeadline(time.Time{})
	if s == account.StartTLS { // the library wants a greeting; the one from before TLS may not be used
		return tapped(&replay{Conn: secured, first: bytes.NewReader([]byte("220 " + config.ServerName + " TLS is in place\r\n"))}), "", nil
	}
	return tapped(secured), "", nil
}

// upgrade speaks the little that may be said before TLS (RFC 3207 section 4) and
// fails on a single octet too many.
func upgrade(t *tap) error {
	t.Conn.SetDeadline(time.Now().Add(answerTime))
	r := bufio.NewReaderSize(t, 4096)
	text := textproto.NewReader(r)
	if _, _, err := text.ReadResponse(220); err != nil {
		return t.plain(err)
	}
	if _, err := io.WriteString(t, "EHLO "+helloName+"\r\n"); err != nil {
		return err
	}
	_, msg, err := text.ReadResponse(250)
	if err != nil {
		return t.plain(err)
	}
	if !offers(msg, "STARTTLS") {
		return fmt.Errorf("%w: %w", ErrUnsafe, errNoTLS)
	}
	if _, err := io.WriteString(t, "STARTTLS\r\n"); err != nil {
		return err
	}
	if _, _, err := text.ReadResponse(220); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsafe, t.plain(err))
	}
	if r.Buffered() > 0 {
		return fmt.Errorf("%w: %w", ErrUnsafe, errBehind)
	}
	return nil
}

// plain cleans what a server said before TLS.
func (t *tap) plain(err error) error {
	var said *textproto.Error
	if errors.As(err, &said) {
		return fmt.Errorf("%w (%d): %s", ErrRefused, said.Code, t.clean(said.Msg))
	}
	if t.failed != nil {
		return t.failed
	}
	return errors.New(t.clean(err.Error()))
}

func offers(ehlo, keyword string) bool {
	for _, line := range strings.Split(ehlo, "\n")[1:] {
		if word, _, _ := strings.Cut(line, " "); strings.EqualFold(word, keyword) {
			return true
		}
	}
	return false
}

// replay gives the library a greeting of our own before the server's octets.
type replay struct {
	*tls.Conn
	first *bytes.Reader
}

func (r *replay) Read(p []byte) (int, error) {
	if r.first.Len() > 0 {
		return r.first.Read(p)
	}
	return r.Conn.Read(p)
}
