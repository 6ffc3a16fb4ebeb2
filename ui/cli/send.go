package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/config"
	"imapop/retrieval/imap"
	"imapop/retrieval/live"
	"imapop/retrieval/sending"
)

const sendLong = `Makes a message and submits it by SMTP (RFC 6409) to the account's submission
server, over TLS, with the account's login. FILE has the text; "-" or none is
standard input. With --headers the lines above the first empty line of it are
fields: To, Cc, Bcc, Subject, Attach and so on.

The message is in the outbox on disk before anything is said to the server, and
leaves it when the server has accepted it and a copy is in Sent (by IMAP APPEND,
unless the server put one there itself). When a recipient is refused, nothing is
sent to anybody, unless --partial says so. A connection that is cut after the end
of the message leaves its fate unknown: it is not sent again by itself, and
'imapop outbox' says what to do.

Exit code 0: the server accepted it for everybody. 1: it did not, or nobody knows.`

const sendExample = `  echo "It is done." | imapop send --to bob@example.org --subject Done
  imapop send --to bob@example.org --attach report.pdf letter.txt
  imapop send --headers message.txt
  imapop send --to bob@example.org --dry-run letter.txt   what would happen, and nothing else`

// sendFlags are the options of imapop send.
type sendFlags struct {
	to, cc, bcc, attach, notify []string
	from, replyTo, subject      string
	inReplyTo                   string
	references                  []string
	headers, partial            bool
	dryRun, asJSON              bool
}

func newSend(o *options) *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use: "send [FILE|-]", Short: "Send a message by SMTP, and keep a copy in Sent", Long: sendLong, Example: sendExample,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return o.send(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.to, "to", nil, "`ADDRESS` of a recipient; may be repeated, may be a list")
	flags.StringArrayVar(&f.cc, "cc", nil, "`ADDRESS` that gets a copy")
	flags.StringArrayVar(&f.bcc, "bcc", nil, "`ADDRESS` that gets a copy and is shown to nobody")
	flags.StringVar(&f.subject, "subject", "", "`TEXT` of the subject")
	flags.StringArrayVar(&f.attach, "attach", nil, "`FILE` to attach; may be repeated")
	flags.StringVar(&f.from, "from", "", "`ADDRESS` of the sender (default: the account's from)")
	flags.StringVar(&f.replyTo, "reply-to", "", "`ADDRESS` that answers go to")
	flags.StringVar(&f.inReplyTo, "in-reply-to", "", "`ID` of the message that this one answers")
	flags.StringArrayVar(&f.references, "references", nil, "`ID` of an earlier message of the thread; may be repeated")
	flags.StringSliceVar(&f.notify, "notify", nil, "`WHEN` to be told of the delivery, where the server offers DSN: success, failure, delay, or never")
	flags.BoolVar(&f.headers, "headers", false, "read fields from the lines above the first empty line")
	flags.BoolVar(&f.partial, "partial", false, "send to the others when a recipient is refused")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would happen, and do nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON document instead of text")
	return cmd
}

func (o *options) send(ctx context.Context, f sendFlags, args []string) error {
	d, err := f.draft(o, args)
	if err != nil {
		return usageError{fmt.Errorf("send: %w", err)}
	}
	op, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer op.close()
	if d.From == "" {
		d.From = op.account.From
	}
	s, err := openSender(op, nil)
	if err != nil {
		return fmt.Errorf("%s: smtp: send: %w", op.account.Name, err)
	}
	p, err := s.Plan(d)
	if err != nil {
		return usageError{fmt.Errorf("%s: smtp: send: %w", op.account.Name, err)}
	}
	out := outboxOutput{o: o, account: op.account.Name, demo: op.account.Demo, asJSON: f.asJSON}
	if f.dryRun {
		return out.plan(p)
	}
	e, err := s.Take(d, f.notify)
	if err != nil {
		return fmt.Errorf("%s: smtp: send: %w", op.account.Name, err)
	}
	return out.outcomes([]draft.Outcome{s.Send(ctx, e.ID, f.partial)})
}

// draft gathers the message from flags and file.
func (f sendFlags) draft(o *options, args []string) (draft.Draft, error) {
	text, err := readText(o.streams.In, o.streams.Err, args)
	if err != nil {
		return draft.Draft{}, err
	}
	d := draft.Draft{Text: strings.ReplaceAll(text, "\r\n", "\n")}
	if f.headers {
		d = draft.Parse(text)
	}
	for _, l := range []struct {
		at   *string
		more []string
	}{{&d.To, f.to}, {&d.Cc, f.cc}, {&d.Bcc, f.bcc}} {
		*l.at = strings.Join(append(slices.DeleteFunc([]string{*l.at}, func(s string) bool { return s == "" }), l.more...), ", ")
	}
	for _, l := range []struct {
		at   *string
		flag string
	}{{&d.From, f.from}, {&d.ReplyTo, f.replyTo}, {&d.Subject, f.subject}, {&d.InReplyTo, f.inReplyTo}} {
		if l.flag != "" {
			*l.at = l.flag
		}
	}
	d.References = append(d.References, f.references...)
	d.Attach = append(d.Attach, f.attach...)
	for i := range d.Attach {
		if d.Attach[i], err = filepath.Abs(d.Attach[i]); err != nil {
			return d, err
		}
	}
	return d, checkNotify(f.notify)
}

func checkNotify(when []string) error {
	for _, w := range when {
		if !slices.Contains([]string{"success", "failure", "delay", "never"}, w) || w == "never" && len(when) > 1 {
			return fmt.Errorf("--notify %s: it is success, failure and delay, or never alone (RFC 3461 section 4.1)", strings.Join(when, ","))
		}
	}
	return nil
}

// maxTyped bounds the text of a message, in octets.
const maxTyped = 10 << 20

func readText(in *os.File, errs io.Writer, args []string) (string, error) {
	r := io.Reader(in)
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return "", err
		}
		defer f.Close()
		r = f
	} else if in != nil && term.IsTerminal(int(in.Fd())) {
		fmt.Fprintln(errs, "type the text; ctrl+d on an empty line ends it")
	} else if in == nil {
		return "", errors.New("there is no text: name a file")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxTyped+1))
	if err == nil && len(b) > maxTyped {
		err = errors.New("the text is above 10 MiB: attach it as a file")
	}
	return string(b), err
}

// openSender opens an account's outbox and drafts; the demo account's go with it. On
// a desk, submissions are told there, and their lines are in its transcript.
func openSender(op *opened, d *live.Desk) (*sending.Sender, error) {
	a := op.account
	outbox, drafts := config.DefaultOutbox(a.Name), config.DefaultDrafts(a.Name)
	if a.Demo {
		dir := filepath.Dir(a.Maildir)
		outbox, drafts = filepath.Join(dir, "outbox"), filepath.Join(dir, "drafts")
	}
	box, err := outgoing.OpenOutbox(outbox)
	if err != nil {
		return nil, err
	}
	store, err := outgoing.OpenDrafts(drafts)
	if err != nil {
		return nil, err
	}
	w := op.live.Wire
	o := sending.Options{Account: a, Password: op.live.Password, Guard: op.live.Guard, Roots: w.Roots, Outbox: box, Drafts: store}
	if d != nil {
		w.Transcript = d.Transcript()
		o.Transcript, o.Around = w.Transcript, d.Submit
	}
	o.OpenIMAP = func(ctx context.Context) (*imap.Session, error) {
		return imap.Open(ctx, imap.Config{Account: a, Password: op.live.Password, Guard: op.live.Guard, Wire: w})
	}
	return sending.New(o), nil
}
