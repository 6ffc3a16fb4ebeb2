// Package cli holds the commands: the app itself and everything that runs
// without a screen. It is the one place that wires the rooms together.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"imapop/retrieval/safe"
	"imapop/retrieval/wire"
)

// Exit codes, part of the documented interface.
const (
	exitOK    = 0 // all went well
	exitFail  = 1 // it did not: one line on stderr says account, protocol, step and cause
	exitUsage = 2 // the command line or the configuration is wrong
)

// Streams are where a command reads and writes.
type Streams struct {
	In       *os.File
	Out, Err io.Writer
}

// usageError is a fault of the command line or the configuration.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// Execute runs one command line and returns its exit code.
func Execute(ctx context.Context, args []string, s Streams, version string) int {
	return execute(ctx, args, &options{streams: s, version: versionText(version)})
}

func execute(ctx context.Context, args []string, o *options) int {
	root, s := newRoot(o), o.streams
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(s.Err, "imapop: "+safe.Text(err.Error()+whatToDo(err)))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFail
}

// options are the flags that every command knows.
type options struct {
	config  string
	account string
	streams Streams
	version string
	screen  io.Writer    // where the app draws; nil: streams.Out
	typed   *typed       // by setup in the app; nil: nothing was
	tune    wire.Options // its Timeouts and Limits; zero: the usual ones, for which tests need not wait
}

const rootLong = `imapop opens one mail account over IMAP and POP3 at the same time and shows,
side by side and live, what each protocol does to the same mailbox.

With no account configured it opens a demo account: a mail server inside this
program, on this machine's loopback, where nothing can be lost.`

const rootExample = `  imapop                        open the app (on the demo account, unless one is configured)
  imapop setup                  add an account of your own: asks for the address and finds the servers
  imapop --account work         open the app on the account "work" of the configuration
  imapop compare --json         what both sides know and how they differ, without a screen
  imapop check                  what the account's servers offer, and how safe it is
  imapop lesson run 4           a lesson that runs, with its evidence; 'lesson list' names them
  imapop choose                 IMAP or POP3 for your case, with the reasons
  imapop sandbox --json         serve the demo account to other programs`

func newRoot(o *options) *cobra.Command {
	root := &cobra.Command{
		Use: "imapop", Short: "One mail account over IMAP and POP3, side by side",
		Long: rootLong, Example: rootExample,
		Args:          usageArgs(cobra.NoArgs),
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return useDNS() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return runApp(cmd.Context(), o) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%s\nsee '%s --help'", wanted(err), cmd.CommandPath())}
	})
	root.PersistentFlags().StringVar(&o.config, "config", "", "configuration `FILE` (default: imapop/config.toml in the XDG configuration directory)")
	root.PersistentFlags().StringVar(&o.account, "account", "", "`NAME` of the account in the configuration; \"demo\" is the built-in one")
	root.AddCommand(newSetup(o), newAccounts(o), newCheck(o), newChoose(o), newCompare(o), newFetch(o), newLesson(o), newOutbox(o), newRead(o), newRecord(o), newReport(o), newSandbox(o), newSend(o), newTrust(o), newVersion(o))
	return root
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; the use is '%s'\nsee '%s --help'", err, cmd.UseLine(), cmd.CommandPath())}
		}
		return nil
	}
}

func newVersion(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(o.streams.Out, "imapop "+o.version)
			return err
		},
	}
}

// versionText prefers what the linker set over what the Go tool recorded.
func versionText(set string) string {
	if set != "" {
		return set
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v += " " + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
