package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"imapop/account/draft"
	"imapop/account/outgoing"
	"imapop/config"
	"imapop/retrieval"
	"imapop/retrieval/safe"
	"imapop/retrieval/sending"
)

const outboxLong = `The outbox holds messages that are not sent, or not to everybody, or of which
nobody knows. It is a directory with a directory for each message below
imapop/ACCOUNT/outbox in the XDG data directory.

waiting  it was surely not accepted: send tries again
unknown  the connection was cut behind the end of the message: the server may have
         delivered it. send looks for its Message-ID in Sent and INBOX over IMAP;
         found, it was sent. Not found, you decide: send --again, or drop
sent     it was accepted; what is missing is the copy in Sent, which send files`

func newOutbox(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "outbox", Short: "List, send or drop messages that are not sent yet", Long: outboxLong,
		Args: usageArgs(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var listJSON bool
	list := &cobra.Command{Use: "list", Short: "Print what is in the outbox", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return o.outboxList(listJSON) }}
	list.Flags().BoolVar(&listJSON, "json", false, "print one JSON document instead of text")
	var again, partial, sendJSON bool
	send := &cobra.Command{Use: "send [ID...]", Short: "Try to send what waits, or the messages named", Args: usageArgs(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if again && len(ids) == 0 {
				return usageError{errors.New("outbox send: --again needs the ID of each message that may be sent a second time")}
			}
			return o.outboxSend(cmd.Context(), ids, again, partial, sendJSON)
		}}
	send.Flags().BoolVar(&again, "again", false, "send a message whose fate is unknown: it may arrive twice")
	send.Flags().BoolVar(&partial, "partial", false, "send to the others when a recipient is refused")
	send.Flags().BoolVar(&sendJSON, "json", false, "print one JSON document instead of text")
	drop := &cobra.Command{Use: "drop ID...", Short: "Take messages out for good, unsent", Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, ids []string) error { return o.outboxDrop(ids) }}
	cmd.AddCommand(list, send, drop)
	return cmd
}

// outbox opens the outbox alone, which needs no password and no server.
func (o *options) outbox() (name string, box *outgoing.Outbox, err error) {
	a, demo, err := o.find()
	if err != nil {
		return "", nil, usageError{err}
	}
	if demo {
		return "", nil, usageError{errors.New("outbox: the demo account has no outbox that outlives it; name a configured account")}
	}
	box, err = outgoing.OpenOutbox(config.DefaultOutbox(a.Name))
	return a.Name, box, err
}

func (o *options) outboxList(asJSON bool) error {
	name, box, err := o.outbox()
	if err != nil {
		return err
	}
	list, err := box.List()
	if list == nil {
		list = []outgoing.Entry{}
	}
	if asJSON {
		if jerr := printJSON(o, map[string]any{"schema": "imapop.outbox/1", "account": name, "messages": list}); jerr != nil {
			return jerr
		}
	} else {
		for _, e := range list {
			fmt.Fprintln(o.streams.Out, described(e))
		}
		if len(list) == 0 && err == nil {
			fmt.Fprintln(o.streams.Out, "nothing waits to be sent")
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// described is an entry in two lines or three.
func described(e outgoing.Entry) string {
	s := fmt.Sprintf("%s  %-7s  %s  to %s  %q\n  Message-ID %s", e.ID, e.State, retrieval.Octets(e.Octets),
		safe.Line(strings.Join(append(e.To, e.SentTo...), ", ")), safe.Line(e.Subject), safe.Line(e.MessageID))
	if e.Tries > 0 {
		times := "once"
		if e.Tries > 1 {
			times = fmt.Sprintf("%d times, last", e.Tries)
		}
		s += fmt.Sprintf(", tried %s at %s", times, e.Tried.Local().Format("2006-01-02 15:04:05"))
	}
	if e.LastError != "" {
		s += "\n  " + safe.Line(e.LastError)
	}
	return s
}

func (o *options) outboxDrop(ids []string) error {
	name, box, err := o.outbox()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := box.Drop(id); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(o.streams.Out, "dropped %s\n", safe.Line(id))
	}
	return nil
}

func (o *options) outboxSend(ctx context.Context, ids []string, again, partial, asJSON bool) error {
	if _, _, err := o.outbox(); err != nil { // before a password is asked for
		return err
	}
	op, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer op.close()
	s, err := openSender(op, nil)
	if err != nil {
		return err
	}
	list, err := s.Outbox().List()
	if err != nil {
		return fmt.Errorf("%s: %w", op.account.Name, err)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(e outgoing.Entry) bool { return e.ID == id }) {
			return fmt.Errorf("%s: outbox: %q: %w", op.account.Name, id, outgoing.ErrNone)
		}
	}
	var outs []draft.Outcome
	for _, e := range list {
		if len(ids) > 0 && !slices.Contains(ids, e.ID) {
			continue
		}
		outs = append(outs, trySend(ctx, s, e, again, partial))
	}
	return outboxOutput{o: o, account: op.account.Name, asJSON: asJSON}.outcomes(outs)
}

// trySend sends one message; of an unknown one it first looks whether it was delivered.
func trySend(ctx context.Context, s *sending.Sender, e outgoing.Entry, again, partial bool) draft.Outcome {
	if e.State == outgoing.Unknown {
		found, err := s.Resolve(ctx, e)
		out := draft.Outcome{ID: e.ID, MessageID: e.MessageID, State: string(e.State)}
		switch {
		case err != nil:
			out.Error = "its fate is unknown, and looking for it failed: " + safe.Line(err.Error())
			return out
		case len(found) == 0 && !again:
			out.Error = fmt.Sprintf("its fate is unknown: %s is neither in Sent nor in INBOX. 'imapop outbox send --again %s' sends it, perhaps a second time; 'imapop outbox drop %s' gives it up", e.MessageID, e.ID, e.ID)
			return out
		case len(found) == 0:
			if _, err := s.Outbox().Again(e.ID); err != nil {
				out.Error = safe.Line(err.Error())
				return out
			}
		}
	}
	return s.Send(ctx, e.ID, partial)
}

// outboxOutput prints what came of sending.
type outboxOutput struct {
	o       *options
	account string
	demo    bool // its outbox ends with the command
	asJSON  bool
}

func (w outboxOutput) plan(p draft.Plan) error {
	if w.asJSON {
		steps := []map[string]string{}
		for _, s := range p.Steps {
			steps = append(steps, map[string]string{"protocol": s.Protocol, "text": s.Text})
		}
		return printJSON(w.o, map[string]any{"schema": "imapop.send-plan/1", "account": w.account, "octets": p.Octets, "steps": steps, "warnings": append([]string{}, p.Warnings...)})
	}
	for _, s := range p.Steps {
		fmt.Fprintf(w.o.streams.Out, "%s  %s\n", s.Protocol, safe.Line(s.Text))
	}
	for _, s := range p.Warnings {
		fmt.Fprintf(w.o.streams.Out, "note: %s\n", s)
	}
	return nil
}

// outcomes prints them; the error names the first message that is not sent to everybody.
func (w outboxOutput) outcomes(outs []draft.Outcome) error {
	if w.asJSON {
		list := []sentJSON{}
		for _, o := range outs {
			list = append(list, newSentJSON(o))
		}
		if err := printJSON(w.o, map[string]any{"schema": "imapop.send/1", "account": w.account, "messages": list}); err != nil {
			return err
		}
	} else {
		if len(outs) == 0 {
			fmt.Fprintln(w.o.streams.Out, "nothing waits to be sent")
		}
		for _, o := range outs {
			w.text(o)
		}
	}
	for _, o := range outs {
		switch {
		case o.State == string(outgoing.Sent):
		case o.State == "", w.demo:
			return fmt.Errorf("%s: %s", w.account, o.Error)
		case o.CanSendToSome:
			return fmt.Errorf("%s: %s; nobody was sent anything, and it waits in the outbox: 'imapop outbox send --partial %s' sends it to the others", w.account, o.Error, o.ID)
		default:
			return fmt.Errorf("%s: %s (it is in the outbox, %s: 'imapop outbox send %s')", w.account, o.Error, o.State, o.ID)
		}
	}
	return nil
}

func (w outboxOutput) text(o draft.Outcome) {
	for _, r := range o.Recipients {
		fmt.Fprintf(w.o.streams.Out, "%s  %d %s\n", safe.Line(r.Address), r.Code, r.Text)
	}
	if !o.At.IsZero() {
		fmt.Fprintf(w.o.streams.Out, "accepted: %s  %s\n", o.Answer, safe.Line(o.MessageID))
	}
	if o.Filed != "" {
		fmt.Fprintf(w.o.streams.Out, "copy: %s\n", o.Filed)
	}
	if o.FileError != "" {
		fmt.Fprintf(w.o.streams.Err, "imapop: %s: the message is sent; its copy is not in Sent yet ('imapop outbox send' tries again): %s\n", w.account, o.FileError)
	}
}

// sentJSON is one message of imapop.send/1; fields are only ever added.
type sentJSON struct {
	ID         string           `json:"id"`
	MessageID  string           `json:"message_id"`
	State      string           `json:"state"`
	AcceptedAt string           `json:"accepted_at,omitempty"`
	Answer     string           `json:"answer,omitempty"`
	Offers     []string         `json:"offers"`
	Recipients []map[string]any `json:"recipients"`
	Error      string           `json:"error,omitempty"`
	Copy       string           `json:"copy,omitempty"`
	CopyError  string           `json:"copy_error,omitempty"`
}

func newSentJSON(o draft.Outcome) sentJSON {
	s := sentJSON{ID: o.ID, MessageID: o.MessageID, State: o.State, Answer: o.Answer, Offers: append([]string{}, o.Offers...),
		Recipients: []map[string]any{}, Error: o.Error, Copy: o.Filed, CopyError: o.FileError}
	if !o.At.IsZero() {
		s.AcceptedAt = o.At.Format("2006-01-02T15:04:05.000Z07:00")
	}
	for _, r := range o.Recipients {
		s.Recipients = append(s.Recipients, map[string]any{"address": r.Address, "code": r.Code, "text": r.Text})
	}
	return s
}

func printJSON(o *options, v any) error {
	enc := json.NewEncoder(o.streams.Out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
