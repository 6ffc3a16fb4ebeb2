package mime

import (
	"net/url"
	"regexp"
	"strings"

	"imapop/retrieval/safe"
)

// NewLink makes a link of an address, when it is one that a person can be asked
// to open: http, https or mailto, and nothing that hides in it.
func NewLink(address string) (Link, bool) {
	address = strings.TrimSpace(address)
	if address == "" || len(address) > 4000 {
		return Link{}, false
	}
	u, err := url.Parse(address)
	if err != nil {
		return Link{}, false
	}
	switch u.Scheme = strings.ToLower(u.Scheme); {
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	case u.Scheme == "mailto" && u.Opaque != "":
	default:
		return Link{}, false
	}
	s := u.String()
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == '"' || s[i] == '\'' || s[i] == '`' || s[i] == '\\' || s[i] == 0x7f {
			return Link{}, false
		}
	}
	if safe.Line(s) != s {
		return Link{}, false
	}
	return Link{URL: s}, true
}

var (
	addressPattern = regexp.MustCompile(`\b(?:https?://|mailto:)[^\s<>"'\x60⟨⟩]+`)
	hostPattern    = regexp.MustCompile(`^(?:https?://)?((?:[\pL\pN-]+\.)+\pL{2,})(?:[/:?#].*)?$`)
)

// linksIn finds the addresses that stand in a text.
func linksIn(text string) (out []Link) {
	for _, s := range addressPattern.FindAllString(text, maxLinks) {
		s = strings.TrimRight(s, ".,;:!?*_")
		if strings.HasSuffix(s, ")") && !strings.Contains(s, "(") {
			s = strings.TrimRight(s, ")")
		}
		if l, ok := NewLink(s); ok {
			out = append(out, l)
		}
	}
	return out
}

// misleads says when a link's text names another host than the one it goes to,
// or when the host is not what it looks like.
func misleads(text, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if m := hostPattern.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		if said := strings.ToLower(m[1]); !sameSite(said, host) {
			return "its text names " + safe.Line(said) + ", it goes to " + safe.Line(host)
		}
	}
	switch {
	case u.User != nil:
		return "what stands before @ is no host; it goes to " + safe.Line(host)
	case strings.HasPrefix(host, "xn--") || strings.Contains(host, ".xn--"):
		return "the host's name is written in another alphabet"
	}
	for _, r := range host {
		if r >= 0x80 {
			return "the host's name is written in another alphabet"
		}
	}
	return ""
}

// sameSite reports whether one host is the other or below it.
func sameSite(a, b string) bool {
	a, b = strings.TrimPrefix(a, "www."), strings.TrimPrefix(b, "www.")
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}
