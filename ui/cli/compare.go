package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"imapop/retrieval/compare"
	"imapop/retrieval/live"
)

const compareLong = `Opens both sides, reads what each knows of the account's INBOX, pairs the
messages and prints how the two differ and why. Nothing is changed on the
server: IMAP reads with PEEK, POP3 asks for headers with TOP and marks nothing.

With --json the result is one JSON document; its fields are documented in
docs/compare-json.md and only ever added to.`

func newCompare(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "compare", Short: "Print what both sides know, and how they differ", Long: compareLong,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			op, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			defer op.close()
			d := live.Open(cmd.Context(), op.live)
			defer d.Close()
			v, err := d.Survey(cmd.Context())
			if err != nil {
				return fmt.Errorf("%s: compare: %w", op.account.Name, err)
			}
			report := compare.BuildReport(v)
			if asJSON {
				enc := json.NewEncoder(o.streams.Out)
				enc.SetIndent("", "  ")
				return enc.Encode(report)
			}
			_, err = fmt.Fprint(o.streams.Out, report.Text(o.width()))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document instead of text")
	return cmd
}
