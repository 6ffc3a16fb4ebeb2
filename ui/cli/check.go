package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"imapop/account"
	"imapop/account/sandbox"
	"imapop/retrieval"
	"imapop/retrieval/audit"
	"imapop/retrieval/check"
	"imapop/retrieval/safe"
)

const checkLong = `Looks at what the account's servers really offer, for IMAP, POP3 and submission
side by side: which ports are open and what protects them, the certificates, what
is offered before TLS, inside TLS and after login, what leaving mail on the server
can count on here; and says what to change, why, and where the RFC says so.

The password goes out only over the account's own endpoints, as in every login,
and never before TLS: whether a server would take it there is read from its own
list of capabilities.

Nothing is changed on the server, unless --with-message is given: then a message
of imapop's own is stored in INBOX over IMAP, downloaded over POP3 and removed
again. That shows whether both see the same mail, and whether a download marks it
as read. On the demo account this is always done.

The exit code is 0 when nothing of level warning or worse was found, else 1. With
--json the result is one JSON document, described in docs/check-json.md.`

// errFound says that the report, which is on standard output, holds warnings.
var errFound = errors.New("the check found something to change: see the report")

func newCheck(o *options) *cobra.Command {
	var asJSON, message bool
	cmd := &cobra.Command{
		Use: "check", Short: "Audit what the account's servers offer, and how safe it is", Long: checkLong,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.check(cmd.Context(), asJSON, message) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead of text")
	cmd.Flags().BoolVar(&message, "with-message", false, "store, download and remove a message of imapop's own")
	return cmd
}

func (o *options) check(ctx context.Context, asJSON, message bool) error {
	op, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer op.close()
	bar := o.checkProgress()
	facts, err := audit.Run(ctx, op.audit(message || op.account.Demo, bar.tell))
	bar.clear()
	if err != nil {
		return fmt.Errorf("%s: check: %w", op.account.Name, err)
	}
	report := check.BuildReport(facts)
	if asJSON {
		enc := json.NewEncoder(o.streams.Out)
		enc.SetIndent("", "  ")
		err = enc.Encode(report)
	} else {
		_, err = fmt.Fprint(o.streams.Out, report.Text(o.width()))
	}
	if err == nil && !report.Good {
		err = fmt.Errorf("%s: %w", op.account.Name, errFound)
	}
	return err
}

// audit is how the account is looked at.
func (op *opened) audit(message bool, progress func(audit.Progress)) audit.Options {
	w := op.live.Wire
	w.Transcript = nil // the audit's own: the desk's sessions have numbers of their own
	return audit.Options{Account: op.account, Password: op.live.Password, Guard: op.live.Guard, Wire: w, More: op.doors, Message: message, Progress: progress,
		Failed: op.failedLogins()}
}

// checker is the app's: it knocks at the doors, and takes what the servers told
// after login from the desk's sessions.
type checker struct{ op *opened }

// Check implements ui.Checker.
func (c checker) Check(ctx context.Context, v *retrieval.View, lines []retrieval.Line, progress func(done, total int, what string)) (check.Report, error) {
	o := c.op.audit(false, func(p audit.Progress) { progress(p.Done, p.Total, p.What) })
	o.Seen, o.SeenLines = v, lines
	facts, err := audit.Run(ctx, o)
	if err != nil {
		return check.Report{}, err
	}
	return check.BuildReport(facts), nil
}

// demoDoors are the doors of the demo server, on ports that nobody could guess.
func demoDoors(i sandbox.Info) []audit.Door {
	var doors []audit.Door
	for _, d := range []struct {
		p       retrieval.Protocol
		address string
		s       account.Security
	}{
		{retrieval.IMAP, i.IMAPS, account.TLS}, {retrieval.IMAP, i.IMAP, account.StartTLS},
		{retrieval.POP3, i.POP3S, account.TLS}, {retrieval.POP3, i.POP3, account.StartTLS},
		{retrieval.SMTP, i.Submissions, account.TLS}, {retrieval.SMTP, i.Submission, account.StartTLS},
	} {
		doors = append(doors, audit.Door{Protocol: d.p, Endpoint: account.Endpoint{Address: d.address, Security: d.s}})
	}
	return doors
}

// checkBar shows progress on a terminal, in one line of standard error.
type checkBar struct{ o *options }

func (o *options) checkProgress() checkBar {
	if !isTerminal(o.streams.Err) {
		return checkBar{}
	}
	return checkBar{o}
}

func (b checkBar) tell(p audit.Progress) {
	if b.o != nil {
		line := fmt.Sprintf("looking: %d of %d, %s", p.Done, p.Total, safe.Line(p.What))
		fmt.Fprint(b.o.streams.Err, "\r"+safe.Cut(line, b.o.width()-1)+"\x1b[K")
	}
}

func (b checkBar) clear() {
	if b.o != nil {
		fmt.Fprint(b.o.streams.Err, "\r\x1b[K")
	}
}
