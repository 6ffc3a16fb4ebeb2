package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"imapop/account"
	"imapop/config"
	"imapop/retrieval/safe"
)

const accountsLong = `Lists the accounts of the configuration: who you are there, which servers, with
which security, where the secret comes from, and which account opens when none
is named. No secret is read, and no server is asked.`

// listed is one account as --json prints it. Fields are only ever added.
type listed struct {
	Name       string          `json:"name"`
	Default    bool            `json:"default"` // it opens without --account
	User       string          `json:"user"`
	From       string          `json:"from,omitempty"`
	IMAP       *listedEndpoint `json:"imap"`
	POP3       *listedEndpoint `json:"pop3"`
	Submission *listedEndpoint `json:"submission"` // null: the account does not send
	Secret     string          `json:"secret"`     // prompt, command, env, keyring, oauth, file
	Leave      string          `json:"leave_on_server"`
	Maildir    string          `json:"maildir"`
	Warnings   []string        `json:"warnings"`
}

type listedEndpoint struct {
	Address  string           `json:"address"`
	Security account.Security `json:"security"`
}

func newAccounts(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "accounts", Short: "List the accounts of the configuration", Long: accountsLong, Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			path := o.configPath()
			file, err := config.Load(path)
			if errors.Is(err, fs.ErrNotExist) && o.config == "" {
				file, err = &config.File{Path: path}, nil
			}
			if err != nil {
				return usageError{err}
			}
			list := listAccounts(file)
			if asJSON {
				enc := json.NewEncoder(o.streams.Out)
				enc.SetIndent("", "  ")
				return enc.Encode(list)
			}
			return printAccounts(o.streams.Out, path, list)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document, a list, instead of text")
	return cmd
}

func listAccounts(file *config.File) []listed {
	list := []listed{}
	opens, err := file.Account("")
	for _, name := range file.Names() {
		a := file.Accounts[name]
		warnings := a.Warnings()
		if warnings == nil {
			warnings = []string{}
		}
		list = append(list, listed{Name: name, Default: err == nil && opens.Name == name, User: a.User, From: a.From,
			IMAP: endpointOf(a.IMAP), POP3: endpointOf(a.POP3), Submission: endpointOf(a.Submission),
			Secret: secretOf(a), Leave: a.LeaveOnServer.String(), Maildir: a.Maildir, Warnings: warnings})
	}
	return list
}

func endpointOf(e account.Endpoint) *listedEndpoint {
	if e.Address == "" {
		return nil
	}
	return &listedEndpoint{e.Address, e.Security}
}

// secretOf names where the secret comes from. A command is not repeated: people
// put things into commands.
func secretOf(a account.Account) string {
	switch s := a.Secret; {
	case a.OAuth.Used():
		return "oauth"
	case s.Command != "":
		return "command"
	case s.Env != "":
		return "env"
	case s.Keyring != "":
		return "keyring"
	case s.InFile:
		return "file"
	}
	return "prompt"
}

// secretWords explain the same in text.
var secretWords = map[string]string{
	"oauth": "OAuth 2.0 tokens", "command": "a command prints the password", "env": "an environment variable holds the password",
	"keyring": "the system's keyring holds the password", "file": "the password stands in the file", "prompt": "the password is asked for at each start",
}

func printAccounts(w io.Writer, path string, list []listed) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(w, "There is no account in %s.\n'imapop setup' adds one; 'imapop' alone opens the demo account.\n", safe.Line(path))
		return err
	}
	for i, a := range list {
		if i > 0 {
			fmt.Fprintln(w)
		}
		title := safe.Line(a.Name)
		if a.Default {
			title += "  (opens when none is named)"
		}
		fmt.Fprintf(w, "%s\n  user        %s\n", title, safe.Line(a.User))
		for _, e := range []struct {
			name string
			ep   *listedEndpoint
		}{{"IMAP", a.IMAP}, {"POP3", a.POP3}, {"submission", a.Submission}} {
			at := "none"
			if e.ep != nil {
				at = safe.Line(e.ep.Address) + "  " + string(e.ep.Security)
			}
			fmt.Fprintf(w, "  %-11s %s\n", e.name, at)
		}
		fmt.Fprintf(w, "  secret      %s\n  after POP3  %s\n", secretWords[a.Secret], leaveWords(a.Leave))
		for _, warning := range a.Warnings {
			fmt.Fprintf(w, "  warning     %s\n", safe.Line(warning))
		}
	}
	return nil
}

func leaveWords(leave string) string {
	switch leave {
	case "keep":
		return "what was downloaded stays on the server"
	case "delete":
		return "what was downloaded is deleted on the server"
	}
	if days, ok := strings.CutSuffix(leave, "d"); ok {
		return "what was downloaded is deleted on the server after " + days + " days"
	}
	return "what was downloaded stays on the server until its copy here is removed"
}
