package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"imapop/account/sandbox"
)

const sandboxLong = `Serves the demo account until it is interrupted: IMAP, POP3 and submission over
one mailbox in memory, each with implicit TLS and with STARTTLS or STLS. When it
accepts connections it prints how to connect; with --json that is one line.

The printed configuration file is ready for 'imapop --config FILE'. Ports that
are not named are chosen by the system.`

func newSandbox(o *options) *cobra.Command {
	var so sandbox.Options
	var policies []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "sandbox", Short: "Serve the demo account to other programs",
		Long: sandboxLong + "\n\nPolicies for --policy:\n" + policyHelp(), Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			set, err := readPolicies(policies)
			if err != nil {
				return usageError{err}
			}
			so.Policies = set
			srv, err := sandbox.Start(cmd.Context(), so)
			if errors.Is(err, sandbox.ErrPolicy) {
				return usageError{err}
			}
			if err != nil {
				return err
			}
			defer srv.Close()
			if err := announce(o.streams.Out, srv.Info(), asJSON); err != nil {
				return err
			}
			<-cmd.Context().Done()
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&so.Listen, "listen", "127.0.0.1", "`ADDRESS` to listen on; anything but loopback lets others in")
	f.IntVar(&so.IMAPPort, "imap-port", 0, "IMAP with STARTTLS: `PORT`, 0 for the system's choice")
	f.IntVar(&so.IMAPSPort, "imaps-port", 0, "IMAP with implicit TLS: `PORT`")
	f.IntVar(&so.POP3Port, "pop3-port", 0, "POP3 with STLS: `PORT`")
	f.IntVar(&so.POP3SPort, "pop3s-port", 0, "POP3 with implicit TLS: `PORT`")
	f.IntVar(&so.SubmissionPort, "submission-port", 0, "submission with STARTTLS: `PORT`")
	f.IntVar(&so.SubmissionsPort, "submissions-port", 0, "submission with implicit TLS: `PORT`")
	f.StringVar(&so.User, "user", "", "user `NAME` (default alice)")
	f.StringVar(&so.Password, "password", "", "`PASSWORD` of the demo account, for all to see (default wonderland)")
	f.StringVar(&so.Dir, "dir", "", "`DIR` for ca.pem and config.toml (default: a temporary one, removed at the end)")
	f.IntVar(&so.Messages, "messages", 0, "fill INBOX with `N` more messages")
	f.BoolVar(&so.Empty, "empty", false, "start with empty folders")
	f.StringArrayVar(&policies, "policy", nil, "`NAME=VALUE` of a server policy; may be repeated")
	f.BoolVar(&asJSON, "json", false, "print how to connect as one line of JSON")
	return cmd
}

func policyHelp() string {
	var b strings.Builder
	for _, p := range sandbox.PolicyNames() {
		values := strings.Join(p.Values, ", ")
		if values == "" {
			values = "a duration such as 30s"
		}
		fmt.Fprintf(&b, "  %-16s %s (default %s): %s\n", p.Name, values, p.Default, p.Effect)
	}
	return strings.TrimRight(b.String(), "\n")
}

func readPolicies(list []string) (map[string]string, error) {
	set := map[string]string{}
	var known []string
	for _, p := range sandbox.PolicyNames() {
		known = append(known, p.Name)
	}
	for _, s := range list {
		name, value, ok := strings.Cut(s, "=")
		if !ok || !slices.Contains(known, name) {
			return nil, fmt.Errorf("--policy %q is not NAME=VALUE with a NAME out of %s", s, strings.Join(known, ", "))
		}
		set[name] = value
	}
	return set, nil
}

// announce prints how to connect.
func announce(w io.Writer, info sandbox.Info, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(info)
	}
	_, err := fmt.Fprintf(w, `The demo account is served until you press Ctrl-C.

  IMAP        %-22s STARTTLS   %-22s TLS
  POP3        %-22s STLS       %-22s TLS
  submission  %-22s STARTTLS   %-22s TLS

  user %s, password %s
  CA certificate   %s
  configuration    %s

  imapop --config %s
`, info.IMAP, info.IMAPS, info.POP3, info.POP3S, info.Submission, info.Submissions,
		info.User, info.Password, info.CAFile, info.Config, info.Config)
	return err
}
