package account

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// OAuth says how to get an access token (RFC 6749), with which the account logs
// in instead of a password (RFC 7628). The zero value is an account without it.
type OAuth struct {
	ClientID              string
	ClientSecret          Password // what the provider gave an installed program; no real secret (RFC 8252 section 8.5)
	AuthorizationEndpoint string   // for the flow with a browser here (RFC 8252 section 7.3); "": not possible
	TokenEndpoint         string
	DeviceEndpoint        string // for the flow with a browser anywhere (RFC 8628); "": not possible
	Scopes                []string
	TokenCommand          string // run by the shell; its first line of output is an access token. Everything above is then empty
}

// ErrConsent says that the provider gives no token without its owner's consent:
// none was given yet, or it has ended.
var ErrConsent = errors.New("the provider wants your consent")

// Used reports whether the account has OAuth at all.
func (o OAuth) Used() bool { return o.ClientID != "" || o.TokenEndpoint != "" || o.TokenCommand != "" }

// Check reports what is wrong, in words for its owner; nil when it can be used.
func (o OAuth) Check() error {
	switch {
	case o.TokenCommand != "" && (o.ClientID != "" || o.TokenEndpoint != "" || o.AuthorizationEndpoint != "" || o.DeviceEndpoint != ""):
		return errors.New("token_command gets the token by itself; leave out client_id and the endpoints")
	case o.TokenCommand != "":
		return nil
	case o.ClientID == "":
		return errors.New("client_id is missing; the provider gives one to whoever registers a program (or use token_command)")
	case o.TokenEndpoint == "":
		return errors.New("token_endpoint is missing")
	case o.AuthorizationEndpoint == "" && o.DeviceEndpoint == "":
		return errors.New("device_authorization_endpoint or authorization_endpoint is missing: one of them is needed to ask for your consent")
	}
	for _, e := range []struct{ key, address string }{
		{"token_endpoint", o.TokenEndpoint}, {"authorization_endpoint", o.AuthorizationEndpoint}, {"device_authorization_endpoint", o.DeviceEndpoint},
	} {
		if err := CheckAddress(e.address); e.address != "" && err != nil {
			return fmt.Errorf("%s: %w", e.key, err)
		}
	}
	return nil
}

// CheckAddress refuses what tokens and consent must not go over: anything but
// https, and http on this machine.
func CheckAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address such as \"https://auth.example.org/token\"", s)
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := strings.EqualFold(u.Hostname(), "localhost") || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && here) {
		return fmt.Errorf("%q would send tokens for all to read; it must begin with https://", s)
	}
	return nil
}
