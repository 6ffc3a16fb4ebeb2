package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"imapop/retrieval/choose"
	"imapop/retrieval/live"
	"imapop/retrieval/safe"
	"imapop/ui/style"
)

const chooseLong = `Asks what matters for a mailbox (several devices, several people, offline reading,
storage, old devices, automation), weighs the answers openly, and says whether IMAP
or POP3 fits, why, what would turn that, and what belongs to SMTP instead.

Answers come from flags; on a terminal the others are asked for. With --account the
servers of that account are asked what they can do for it; nothing is changed there.`

func newChoose(o *options) *cobra.Command {
	var asJSON bool
	flags := map[string]*string{}
	cmd := &cobra.Command{
		Use: "choose", Short: "IMAP or POP3 for your case: the questions, the weights and the reasons", Long: chooseLong,
		Example: "  imapop choose\n  imapop choose --shared yes --devices yes --account work\n  imapop choose --legacy yes --devices no --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			answers, err := readAnswers(flags)
			if err != nil {
				return usageError{err}
			}
			if !asJSON {
				o.askAnswers(answers)
			}
			can, err := o.abilities(cmd)
			if err != nil {
				return err
			}
			advice := choose.Weigh(answers, can)
			if asJSON {
				enc := json.NewEncoder(o.streams.Out)
				enc.SetIndent("", "  ")
				return enc.Encode(advice)
			}
			o.printAdvice(advice)
			return nil
		},
	}
	for _, q := range choose.Questions() {
		flags[q.Name] = cmd.Flags().String(q.Name, "", q.Text+" `yes|no`")
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead of text")
	return cmd
}

func readAnswers(flags map[string]*string) (map[string]choose.Answer, error) {
	answers := map[string]choose.Answer{}
	for name, value := range flags {
		switch strings.ToLower(*value) {
		case "":
		case "yes", "y":
			answers[name] = choose.Yes
		case "no", "n":
			answers[name] = choose.No
		default:
			return nil, fmt.Errorf("--%s is yes or no, not %q", name, *value)
		}
	}
	return answers, nil
}

// askAnswers asks, on a terminal, for what no flag has answered.
func (o *options) askAnswers(answers map[string]choose.Answer) {
	in := o.streams.In
	if in == nil || !term.IsTerminal(int(in.Fd())) || !isTerminal(o.streams.Out) {
		return
	}
	lines := bufio.NewScanner(in)
	for _, q := range choose.Questions() {
		if answers[q.Name] != choose.Unknown {
			continue
		}
		fmt.Fprintf(o.streams.Out, "%s [y/n, enter: not sure] ", q.Text)
		if !lines.Scan() {
			return
		}
		switch strings.ToLower(strings.TrimSpace(lines.Text())) {
		case "y", "yes":
			answers[q.Name] = choose.Yes
		case "n", "no":
			answers[q.Name] = choose.No
		}
	}
	fmt.Fprintln(o.streams.Out)
}

// abilities asks the servers of the account that was named; nothing without one.
func (o *options) abilities(cmd *cobra.Command) (choose.Abilities, error) {
	if o.account == "" {
		return choose.Abilities{}, nil
	}
	op, err := o.open(cmd.Context())
	if err != nil {
		return choose.Abilities{}, err
	}
	defer op.close()
	d := live.Open(cmd.Context(), op.live)
	defer d.Close()
	v, err := d.Survey(cmd.Context())
	if err != nil {
		return choose.Abilities{}, fmt.Errorf("%s: choose: %w", op.account.Name, err)
	}
	return choose.Abilities{Known: true, IMAP: v.IMAP.Caps, POP3: v.POP3.Caps, Submission: op.account.Submission.Address != ""}, nil
}

func (o *options) printAdvice(a choose.Advice) {
	out, w := o.streams.Out, o.width()
	para := func(first, text string) {
		for i, line := range style.Wrap(safe.Line(text), max(w-len(first)-1, 30), 50) {
			if i > 0 {
				first = strings.Repeat(" ", len(first))
			}
			fmt.Fprintf(out, "%s%s\n", first, line)
		}
	}
	para("Recommendation: ", string(a.Verdict))
	fmt.Fprintf(out, "Points: IMAP %d, POP3 %d\n", a.IMAP, a.POP3)
	for _, r := range a.Reasons {
		points := "      "
		if r.For != "" {
			points = fmt.Sprintf("%s +%d", r.For, r.Points)
		}
		text := r.Question + " " + r.Answer + ": " + r.Text
		if r.Source != "" {
			text += " (" + r.Source + ")"
		}
		para("  "+points+"  ", text)
	}
	section := func(title string, lines []string) {
		if len(lines) > 0 {
			fmt.Fprintf(out, "\n%s\n", title)
		}
		for _, l := range lines {
			para("  - ", l)
		}
	}
	var server []string
	for _, f := range a.Server {
		sign := "yes"
		if !f.Can {
			sign = "no"
		}
		server = append(server, fmt.Sprintf("%s: %s: %s", f.Side, sign, f.Text))
	}
	section("What this account's servers can do for it", server)
	section("What would turn it", a.Turns)
	section("What belongs to SMTP, whichever you choose", a.SMTP)
}
