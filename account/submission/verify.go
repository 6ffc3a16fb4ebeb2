package submission

import (
	"context"

	"github.com/emersion/go-smtp"

	"imapop/account"
)

// Verify logs in and out again, and sends nothing: it tells whether the account
// could submit. It blocks until the server has answered or ctx ends. Errors are as Send's.
func Verify(ctx context.Context, a account.Account, pw account.Password, o Options) error {
	if err := check(a, pw, o.Guard); err != nil {
		return &Error{Step: "account", Err: err}
	}
	c, err := dial(ctx, a, o, pw)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Conn.Close() })
	defer stop()
	defer c.Conn.Close()
	s := &session{ctx: ctx, conn: c, client: smtp.NewClient(c), now: o.Now}
	s.client.CommandTimeout, s.client.SubmissionTimeout = answerTime, acceptTime
	if err := s.login(a, pw, o.Guard); err != nil {
		return err
	}
	s.client.Quit() // the login is what was asked for, whatever becomes of the goodbye
	return nil
}
