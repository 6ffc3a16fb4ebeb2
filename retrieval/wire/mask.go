package wire

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
)

const (
	stars      = "***"
	maxSecrets = 64 // forms remembered; a login by SCRAM or a token makes new ones each time
	shortest   = 4  // octets: what is shorter is masked only where it stands alone
)

// mask remembers the secrets that were sent, in every form in which a server
// might say them back. Safe from any goroutine; the zero value is ready.
type mask struct {
	mu    sync.RWMutex
	forms [][]byte
}

// add remembers a secret: raw, quoted, base64 and percent-encoded.
func (m *mask) add(secret string) {
	if secret == "" {
		return
	}
	std := base64.StdEncoding.EncodeToString([]byte(secret))
	forms := []string{
		secret,
		strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret),
		strings.TrimRight(std, "="),
		strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(secret)), "="),
		url.QueryEscape(secret),
		url.PathEscape(secret),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range forms {
		m.addForm([]byte(f))
	}
}

// addForm keeps the longest first, so that a form within another cannot leave a rest of it.
func (m *mask) addForm(f []byte) {
	at := 0
	for i, have := range m.forms {
		if bytes.Equal(have, f) {
			return
		}
		if len(have) >= len(f) {
			at = i + 1
		}
	}
	forms := append(append(append(make([][]byte, 0, len(m.forms)+1), m.forms[:at]...), f), m.forms[at:]...)
	if len(forms) > maxSecrets { // a password is shorter than the tokens and digests made with it
		forms = forms[1:]
	}
	m.forms = forms
}

// apply replaces every secret in text by stars. whole says that text is a
// complete line; otherwise a secret's beginning at its very end is masked too.
func (m *mask) apply(text []byte, whole bool) []byte {
	m.mu.RLock()
	forms := m.forms
	m.mu.RUnlock()
	for _, f := range forms {
		switch {
		case len(f) < shortest:
			text = replaceAlone(text, f)
		case bytes.Contains(text, f):
			text = bytes.ReplaceAll(text, f, []byte(stars))
		}
		if !whole {
			text = maskTail(text, f)
		}
	}
	return text
}

// maskTail masks the longest end of text that begins the secret f.
func maskTail(text, f []byte) []byte {
	for n := min(len(text), len(f)-1); n >= shortest; n-- {
		if bytes.HasSuffix(text, f[:n]) {
			return append(text[:len(text)-n:len(text)-n], stars...)
		}
	}
	return text
}

// replaceAlone replaces f where no letter or digit touches it: a password of
// one letter must not be readable, and must not blacken every word.
func replaceAlone(text, f []byte) []byte {
	if !bytes.Contains(text, f) {
		return text
	}
	var out []byte
	for i := 0; i < len(text); {
		end := i + len(f)
		if bytes.HasPrefix(text[i:], f) && (i == 0 || !wordOctet(text[i-1])) && (end == len(text) || !wordOctet(text[end])) {
			out = append(out, stars...)
			i = end
			continue
		}
		out = append(out, text[i])
		i++
	}
	return out
}

func wordOctet(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}
