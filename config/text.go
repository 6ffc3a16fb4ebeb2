package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"imapop/account"
)

// tableOf writes an account as its owner would: what is the default is left out.
func tableOf(a account.Account, c Comments) string {
	w := &writer{}
	w.comment(c.Account)
	w.line(header("accounts", a.Name))
	w.text("user", a.User)
	if a.From != "" {
		w.text("from", a.From)
	}
	w.secret(a)
	if a.CAFile != "" {
		w.text("ca_file", a.CAFile)
	}
	if a.LeaveOnServer.Mode != account.LeaveKeep {
		w.text("leave_on_server", a.LeaveOnServer.String())
	}
	if a.MaxOctets > 0 {
		w.text("max_size", strconv.FormatInt(a.MaxOctets, 10))
	}
	if a.HeadersOnly {
		w.line("headers_only = true")
	}
	if a.Maildir != DefaultMaildir(a.Name) {
		w.text("maildir", a.Maildir)
	}
	w.reading(a.Reading)
	if a.AuthservID != "" {
		w.text("authserv_id", a.AuthservID)
	}
	for _, e := range []struct {
		name, comment string
		ep            account.Endpoint
	}{{"imap", c.IMAP, a.IMAP}, {"pop3", c.POP3, a.POP3}, {"submission", c.Submission, a.Submission}} {
		if e.ep.Address != "" {
			w.endpoint(a.Name, e.name, e.comment, e.ep)
		}
	}
	if a.OAuth.Used() {
		w.oauth(a.Name, a.OAuth)
	}
	return w.String()
}

// writer builds the text of one table.
type writer struct {
	strings.Builder
	indent string
}

func (w *writer) line(s string) { w.WriteString(w.indent + s + "\n") }

func (w *writer) text(key, value string) { w.line(key + " = " + quote(value)) }

// comment writes one line; what could end it early is left out.
func (w *writer) comment(s string) {
	if s == "" {
		return
	}
	w.line("# " + strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
}

// secret says where the password comes from, and in a comment what that means.
func (w *writer) secret(a account.Account) {
	switch s := a.Secret; {
	case s.Command != "":
		w.text("password_command", s.Command)
	case s.Env != "":
		w.text("password_env", s.Env)
	case s.Keyring != "":
		w.line("keyring = true # the secret is in the system's keyring, not here")
	case s.InFile:
		w.text("password", s.Literal.Reveal())
		w.line("password_in_file = true # whoever reads this file has the mail")
	case !a.OAuth.Used():
		w.comment("no password_command, password_env or keyring: imapop asks for the password at each start")
	}
}

func (w *writer) endpoint(name, side, comment string, ep account.Endpoint) {
	w.table(comment, "accounts", name, side)
	w.text("address", ep.Address)
	w.text("security", string(ep.Security))
	if ep.Insecure {
		w.line("insecure = true # everyone on the way can read the password and the mail")
	}
	w.list("pin", texts(ep.Pins, account.Pin.String))
	w.list("mechanisms", texts(ep.Mechanisms, func(m account.Mechanism) string { return strings.ToLower(string(m)) }))
	w.indent = ""
}

func (w *writer) oauth(name string, o account.OAuth) {
	w.table("", "accounts", name, "oauth")
	for _, f := range []struct{ key, value string }{
		{"client_id", o.ClientID}, {"client_secret", o.ClientSecret.Reveal()}, {"token_endpoint", o.TokenEndpoint},
		{"device_authorization_endpoint", o.DeviceEndpoint}, {"authorization_endpoint", o.AuthorizationEndpoint}, {"token_command", o.TokenCommand},
	} {
		if f.value != "" {
			w.text(f.key, f.value)
		}
	}
	w.list("scopes", o.Scopes)
	w.indent = ""
}

// table begins a table below the account's.
func (w *writer) table(comment string, path ...string) {
	w.WriteString("\n")
	w.indent = "  "
	w.comment(comment)
	w.line(header(path...))
}

func (w *writer) list(key string, values []string) {
	if len(values) > 0 {
		w.line(key + " = [" + strings.Join(texts(values, quote), ", ") + "]")
	}
}

func texts[T any](values []T, text func(T) string) []string {
	var list []string
	for _, v := range values {
		list = append(list, text(v))
	}
	return list
}

func (w *writer) reading(r account.Reading) {
	if r.Downloads != "" {
		w.text("downloads", r.Downloads)
	}
	switch {
	case r.MarkSeen < 0:
		w.text("mark_seen_after", "never")
	case r.MarkSeen > 0:
		w.text("mark_seen_after", r.MarkSeen.String())
	}
}

// quote writes a TOML basic string. Whatever is not plainly printable is escaped.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// private reports whether the account's table holds a secret.
func private(a account.Account) bool { return a.Secret.InFile || !a.OAuth.ClientSecret.Empty() }
