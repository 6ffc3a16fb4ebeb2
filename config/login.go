package config

import (
	"strings"

	"imapop/account"
)

// endpoint reads one protocol's table. mechanisms are the account's, for an
// endpoint without its own.
func (t table) endpoint(key string, to *account.Endpoint, mechanisms []account.Mechanism) {
	e, ok := t.sub(key)
	if !ok {
		return
	}
	e.known(endpointKeys)
	var security string
	e.str("address", &to.Address)
	e.str("security", &security)
	e.boolean("insecure", &to.Insecure)
	to.Security = account.Security(security)
	for _, s := range e.strs("pin") {
		pin, err := account.ParsePin(s)
		if err != nil {
			e.problem("pin", "%v", err)
			continue
		}
		to.Pins = append(to.Pins, pin)
	}
	if to.Mechanisms = e.mechanisms(); to.Mechanisms == nil {
		to.Mechanisms = mechanisms
	}
	if to.Address == "" && e.values["address"] == nil {
		e.problem("", "%s needs address = \"host:port\"", e.name())
	}
	if _, ok := e.values["security"]; !ok {
		e.problem("", "%s needs security = \"tls\", \"starttls\" or \"plaintext\"", e.name())
	}
}

// mechanisms reads the only ways to log in that may be used; nil when the table does not say.
func (t table) mechanisms() []account.Mechanism {
	var list []account.Mechanism
	for _, s := range t.strs("mechanisms") {
		m, err := account.ParseMechanism(s)
		if err != nil {
			t.problem("mechanisms", "%v", err)
			continue
		}
		list = append(list, m)
	}
	return list
}

// secret reads where the password comes from: at most one source.
func (t table) secret(a *account.Account) {
	to := &a.Secret
	var keyring bool
	command, env := t.str("password_command", &to.Command), t.str("password_env", &to.Env)
	t.boolean("keyring", &keyring)
	literal := t.literal(to)
	switch {
	case command && strings.TrimSpace(to.Command) == "":
		t.problem("password_command", "the command is empty")
	case env && (to.Env == "" || strings.ContainsAny(to.Env, "=\x00 $")):
		t.problem("password_env", "%q is not the name of an environment variable", to.Env)
	}
	sources := 0
	for _, given := range []bool{command, env, keyring, literal} {
		if given {
			sources++
		}
	}
	if sources > 1 {
		t.problem("", "%s has more than one of password_command, password_env, keyring and password; keep one", t.name())
	}
	if keyring {
		to.Keyring = account.KeyringItem(a.Name, a.User)
	}
}

// literal reads a password that stands in the file itself, which its owner has
// to insist on. The password is in no message.
func (t table) literal(to *account.SecretSource) bool {
	var password string
	t.boolean("password_in_file", &to.InFile)
	given := t.str("password", &password)
	switch {
	case given && !to.InFile:
		t.problem("password", "a password does not belong in this file: use keyring = true, password_command or password_env, or leave it out to be asked; whoever insists adds password_in_file = true")
	case to.InFile && !given:
		t.problem("password_in_file", "there is no password = \"…\" beside it")
	case given:
		if err := account.CheckCredential("the password", password); err != nil {
			t.problem("password", "%v", err)
		}
		to.Literal = account.NewPassword(password)
	}
	return given
}

// oauth reads how tokens are got.
func (t table) oauth(a *account.Account) {
	o, ok := t.sub("oauth")
	if !ok {
		return
	}
	o.known(oauthKeys)
	var secret string
	o.str("client_id", &a.OAuth.ClientID)
	o.str("client_secret", &secret)
	o.str("authorization_endpoint", &a.OAuth.AuthorizationEndpoint)
	o.str("token_endpoint", &a.OAuth.TokenEndpoint)
	o.str("device_authorization_endpoint", &a.OAuth.DeviceEndpoint)
	o.str("token_command", &a.OAuth.TokenCommand)
	a.OAuth.ClientSecret = account.NewPassword(secret)
	a.OAuth.Scopes = o.strs("scopes")
	if !a.OAuth.Used() {
		o.problem("", "%s needs client_id and token_endpoint, or token_command", o.name())
	}
	if src := a.Secret; src.Command != "" || src.Env != "" || !src.Literal.Empty() {
		t.problem("", "%s has a password and %s, which logs in without one; keep one (keyring = true says where tokens are kept)", t.name(), o.name())
	}
}
