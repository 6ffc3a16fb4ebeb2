package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/spf13/cobra"

	"imapop/account"
	"imapop/retrieval"
	"imapop/retrieval/trust"
)

// judge says who sent a message (ui.Judge).
type judge struct{ account account.Account }

// Trust is ui.Judge's.
func (j judge) Trust(ctx context.Context, octets []byte) retrieval.Trust {
	o := trustOptions(j.account)
	if !j.account.Demo { // whose names are in nobody's DNS
		o.LookupTXT = net.DefaultResolver.LookupTXT
	}
	return trust.Judge(ctx, octets, o)
}

func trustOptions(a account.Account) trust.Options {
	return trust.Options{Own: a.AuthservID, Host: a.IMAP.Host()}
}

const trustLong = `Reads one message from FILE (or standard input) and says who answers for it: what
the account's own server found when it took the message in, which signatures hold,
and whether that speaks for the address in From. Fields that other servers wrote
are shown and not believed.

The DNS is asked for the keys and policies of the domains that the message names;
--offline asks nothing.`

func newTrust(o *options) *cobra.Command {
	var offline, asJSON bool
	var own string
	cmd := &cobra.Command{Use: "trust [FILE|-]", Short: "Say who answers for a message: SPF, DKIM, DMARC", Long: trustLong,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			octets, err := readMessage(o.streams.In, args)
			if err != nil {
				return usageError{fmt.Errorf("trust: %w", err)}
			}
			a, _, err := o.find()
			if err != nil {
				return usageError{err}
			}
			opts := trustOptions(a)
			if own != "" {
				opts.Own = own
			}
			if !offline {
				opts.LookupTXT = net.DefaultResolver.LookupTXT
			}
			return o.printTrust(trust.Judge(cmd.Context(), octets, opts), asJSON)
		}}
	cmd.Flags().BoolVar(&offline, "offline", false, "ask the DNS nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead of text")
	cmd.Flags().StringVar(&own, "authserv-id", "", "`NAME` in which the account's own server speaks")
	return cmd
}

// maxMessage bounds a message that is read from a file, in octets.
const maxMessage = 100 << 20

func readMessage(in *os.File, args []string) ([]byte, error) {
	r := io.Reader(in)
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if err == nil && len(b) > maxMessage {
		err = errors.New("the message is above 100 MiB")
	}
	return b, err
}

func (o *options) printTrust(t retrieval.Trust, asJSON bool) error {
	if asJSON {
		lines := []map[string]string{}
		for _, l := range t.Lines {
			lines = append(lines, map[string]string{"by": l.By, "method": l.Method, "result": l.Result, "text": l.Text, "source": l.Source})
		}
		return printJSON(o, map[string]any{"schema": "imapop.trust/1", "own": t.Own, "own_why": t.OwnWhy, "lines": lines})
	}
	if t.Own != "" {
		fmt.Fprintf(o.streams.Out, "your server: %s (%s)\n", t.Own, t.OwnWhy)
	}
	for _, l := range t.Lines {
		head := ""
		for _, s := range []string{l.By, l.Method, l.Result} {
			if s != "" {
				head += s + "  "
			}
		}
		fmt.Fprintf(o.streams.Out, "%s%s (%s)\n", head, l.Text, l.Source)
	}
	return nil
}
