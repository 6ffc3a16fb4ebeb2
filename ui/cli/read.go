package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	"github.com/spf13/cobra"

	"imapop/retrieval"
	"imapop/retrieval/live"
	"imapop/retrieval/mime"
	"imapop/retrieval/safe"
	"imapop/ui/reader"
	"imapop/ui/style"
)

const readLong = `Prints one message of the INBOX as a person reads it. Over IMAP only what is
printed is fetched, and nothing is marked as read; over POP3 the whole message
is, by RETR, or the local copy is read. What that cost is told on stderr.

Without --uid or --unique-id the latest message is printed.`

const readExample = `  imapop read                              the latest message, over IMAP
  imapop read --pop3 --unique-id 0000000e  over POP3; the beginning of a unique-id is enough
  imapop read --uid 6 --part 2 > file      an attachment, its encoding undone`

// readFlags are what the command was asked.
type readFlags struct {
	imap, pop3, latest, raw, html bool
	uid                           uint32
	id, part                      string
}

func newRead(o *options) *cobra.Command {
	f := readFlags{}
	cmd := &cobra.Command{
		Use: "read", Short: "Print one message", Long: readLong, Example: readExample,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.imap && f.pop3 || f.latest && (f.uid != 0 || f.id != "") || f.uid != 0 && f.id != "" || f.raw && f.part != "" {
				return usageError{errors.New("these flags exclude each other: --imap and --pop3; --uid, --unique-id and --latest; --raw and --part")}
			}
			return o.read(cmd.Context(), f)
		},
	}
	cmd.Flags().BoolVar(&f.imap, "imap", false, "over IMAP (the default, unless --unique-id names the message)")
	cmd.Flags().BoolVar(&f.pop3, "pop3", false, "over POP3")
	cmd.Flags().Uint32Var(&f.uid, "uid", 0, "the message with this `UID`")
	cmd.Flags().StringVar(&f.id, "unique-id", "", "the message whose unique-id begins with `ID`")
	cmd.Flags().BoolVar(&f.latest, "latest", false, "the latest message (the default)")
	cmd.Flags().StringVar(&f.part, "part", "", "only the part of this `NUMBER`, its transfer encoding undone")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "the message as it came")
	cmd.Flags().BoolVar(&f.html, "html", false, "the HTML as text, where the message has plain text too")
	return cmd
}

func (o *options) read(ctx context.Context, f readFlags) error {
	op, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer op.close()
	d := live.Open(ctx, op.live)
	defer d.Close()
	side := retrieval.IMAP
	if f.pop3 || f.id != "" && !f.imap {
		side = retrieval.POP3
	}
	fail := func(err error) error { return fmt.Errorf("%s: read: %w", op.account.Name, err) }
	v, err := f.listed(ctx, d, side)
	if err != nil {
		return fail(err)
	}
	a, err := f.choose(v, side)
	if err != nil {
		return fail(err)
	}
	if err := o.print(ctx, d, a, f); err != nil {
		return fail(err)
	}
	return nil
}

// listed waits for the side that is asked. A message that the other side names
// needs both, and that they are paired.
func (f readFlags) listed(ctx context.Context, d *live.Desk, side retrieval.Protocol) (*retrieval.View, error) {
	if side == retrieval.IMAP && f.id != "" || side == retrieval.POP3 && f.uid != 0 {
		return d.Survey(ctx)
	}
	return d.Listed(ctx, side)
}

// choose finds the message that was asked for.
func (f readFlags) choose(v *retrieval.View, side retrieval.Protocol) (retrieval.Action, error) {
	a := retrieval.Action{Verb: retrieval.VerbReadAloud, Side: side}
	for _, r := range slices.Backward(v.Rows) {
		if side == retrieval.IMAP && r.UID == 0 || side == retrieval.POP3 && r.Number == 0 {
			continue
		}
		switch {
		case f.uid != 0 && r.UID != f.uid:
			continue
		case f.id != "" && (r.Entry == nil || !strings.HasPrefix(r.Entry.UniqueID, f.id)):
			continue
		}
		if r.UID != 0 {
			a.UIDs = []uint32{r.UID}
		}
		if r.Number != 0 {
			a.Numbers = []int{r.Number}
		}
		return a, nil
	}
	return a, fmt.Errorf("%s has no such message in INBOX: %w", side, retrieval.ErrGone)
}

func (o *options) print(ctx context.Context, d *live.Desk, a retrieval.Action, f readFlags) error {
	if f.raw {
		octets, err := d.Octets(ctx, a)
		if err != nil {
			return err
		}
		return o.emit(octets)
	}
	m, costs, err := d.Message(ctx, a, f.html)
	if err != nil {
		return err
	}
	if f.part != "" {
		return o.printPart(ctx, d, a, m, f.part)
	}
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(termenv.Ascii)
	if _, err := io.WriteString(o.streams.Out, reader.Print(style.New(r), m, f.html, o.width())); err != nil {
		return err
	}
	return o.costLine(a.Side, costs)
}

func (o *options) printPart(ctx context.Context, d *live.Desk, a retrieval.Action, m *mime.Message, number string) error {
	p := m.Find(number)
	if p == nil || p.Multipart() {
		return fmt.Errorf("the message has no part %s that could be printed; its parts are %s", safe.Line(number), strings.Join(numbers(m), ", "))
	}
	if a.Side == retrieval.IMAP && (!p.Here() || p.Cut()) {
		octets, costs, err := d.Part(ctx, a, p.Want())
		if err != nil {
			return err
		}
		p.SetBody(octets, false)
		if err := o.costLine(a.Side, costs); err != nil {
			return err
		}
	}
	octets, odd := p.Decoded()
	for _, s := range odd {
		fmt.Fprintln(o.streams.Err, "imapop: part "+p.Number+": "+s)
	}
	return o.emit(octets)
}

func numbers(m *mime.Message) (out []string) {
	m.Root.Walk(func(p *mime.Part, _ int) {
		if !p.Multipart() && len(out) < 50 {
			out = append(out, p.Number)
		}
	})
	return out
}

// emit writes octets as they are into a file or a pipe, and clean to a terminal.
func (o *options) emit(octets []byte) error {
	if isTerminal(o.streams.Out) {
		octets = []byte(safe.Text(string(octets)))
	}
	_, err := o.streams.Out.Write(octets)
	return err
}

// costLine tells what the message took, by the wire's meter.
func (o *options) costLine(side retrieval.Protocol, costs retrieval.Costs) error {
	c := costs.IMAP
	if side == retrieval.POP3 {
		c = costs.POP3
	}
	text := fmt.Sprintf("%s, %d round trips", retrieval.Octets(c.In+c.Out), c.Turnarounds)
	if c.In+c.Out == 0 {
		text = "nothing moved: the local copy was read"
	}
	if c.Whole > 0 {
		text += "; the whole message is " + retrieval.Octets(c.Whole)
	}
	_, err := fmt.Fprintf(o.streams.Err, "%s: %s\n", side, text)
	return err
}
