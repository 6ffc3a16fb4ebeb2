package discover

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"imapop/account"
)

// clientConfig is what one autoconfiguration file says of an address.
type clientConfig struct {
	provider   string
	candidates []Candidate
	help       []string
	oauth      *OAuth
}

// The bounds of a file's form.
const (
	maxDepth    = 12
	maxElements = 4000
	maxHelp     = 5
)

var errForm = errors.New("the file is not an autoconfiguration file")

// The file's form: <clientConfig><emailProvider>, in which servers stand in the
// provider's order of preference.
type (
	xmlConfig struct {
		XMLName  xml.Name    `xml:"clientConfig"`
		Provider xmlProvider `xml:"emailProvider"`
		OAuth    xmlOAuth    `xml:"oAuth2"`
	}
	xmlProvider struct {
		Name     string      `xml:"displayName"`
		Incoming []xmlServer `xml:"incomingServer"`
		Outgoing []xmlServer `xml:"outgoingServer"`
		Help     []xmlPage   `xml:"documentation"`
		Enable   []xmlEnable `xml:"enable"`
		OAuth    xmlOAuth    `xml:"oAuth2"`
	}
	xmlServer struct {
		Type   string   `xml:"type,attr"`
		Host   string   `xml:"hostname"`
		Port   string   `xml:"port"`
		Socket string   `xml:"socketType"`
		User   string   `xml:"username"`
		Auth   []string `xml:"authentication"`
	}
	xmlOAuth struct {
		Issuer   string `xml:"issuer"`
		Scope    string `xml:"scope"`
		AuthURL  string `xml:"authURL"`
		TokenURL string `xml:"tokenURL"`
	}
	xmlPage struct {
		URL string `xml:"url,attr"`
	}
	xmlEnable struct {
		URL string `xml:"visiturl,attr"`
	}
)

// parseClientConfig reads a file strictly: bounded in depth and elements, in
// UTF-8, with no entities but XML's own five.
func parseClientConfig(text []byte, a Address) (clientConfig, error) {
	if err := measure(text); err != nil {
		return clientConfig{}, err
	}
	var x xmlConfig
	if err := xml.Unmarshal(text, &x); err != nil {
		return clientConfig{}, fmt.Errorf("%w: %w", errForm, err)
	}
	c := clientConfig{provider: strings.TrimSpace(x.Provider.Name)}
	for i, s := range x.Provider.Incoming {
		switch s.Type {
		case "imap":
			c.take(s, IMAP, i, a)
		case "pop3":
			c.take(s, POP3, i, a)
		}
	}
	for i, s := range x.Provider.Outgoing {
		if s.Type == "smtp" {
			c.take(s, Submission, i, a)
		}
	}
	for _, e := range x.Provider.Enable {
		c.page(e.URL)
	}
	for _, p := range x.Provider.Help {
		c.page(p.URL)
	}
	c.oauth = x.OAuth.known()
	if c.oauth == nil {
		c.oauth = x.Provider.OAuth.known()
	}
	return c, nil
}

// measure walks through the file once, so that nothing deep or endless is built.
func measure(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	depth, elements := 0, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			if elements == 0 {
				return errForm
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errForm, err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
			elements++
		case xml.EndElement:
			depth--
		case xml.Directive:
			return fmt.Errorf("%w: it has a document type declaration", errForm)
		}
		if depth > maxDepth || elements > maxElements {
			return fmt.Errorf("%w: it is too deep or too long", errForm)
		}
	}
}

// take adds a server that imapop can use. One without TLS is not proposed.
func (c *clientConfig) take(s xmlServer, service Service, i int, a Address) {
	security, ok := map[string]account.Security{"SSL": account.TLS, "STARTTLS": account.StartTLS}[strings.TrimSpace(s.Socket)]
	port, err := strconv.Atoi(strings.TrimSpace(s.Port))
	address := endpoint(asciiHost(a.fill(s.Host)), port)
	if !ok || err != nil || address == "" || len(c.candidates) >= 3*maxPerKind {
		return
	}
	user := strings.TrimSpace(a.fill(s.User))
	if account.CheckCredential("user", user) != nil || len(user) > 320 { // 64 + @ + 255 (RFC 5321 section 4.5.3.1)
		user = ""
	}
	found := Candidate{Service: service, Endpoint: account.Endpoint{Address: address, Security: security}, User: user, order: [3]int{i}}
	for _, m := range s.Auth {
		found.OAuth = found.OAuth || strings.TrimSpace(m) == "OAuth2"
	}
	c.candidates = append(c.candidates, found)
}

// fill puts the address in where a file leaves room for it.
func (a Address) fill(s string) string {
	return strings.NewReplacer("%EMAILADDRESS%", a.Full, "%EMAILLOCALPART%", a.Local, "%EMAILDOMAIN%", a.Domain).Replace(s)
}

func asciiHost(s string) string {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	return ascii
}

// page keeps the address of a page, if it is one behind TLS.
func (c *clientConfig) page(s string) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err == nil && u.Scheme == "https" && hostname(u.Hostname()) && len(c.help) < maxHelp {
		c.help = append(c.help, u.String())
	}
}

// known gives the OAuth data when it is whole and behind TLS.
func (x xmlOAuth) known() *OAuth {
	o := &OAuth{Issuer: strings.TrimSpace(x.Issuer), Scopes: strings.Fields(x.Scope),
		AuthURL: strings.TrimSpace(x.AuthURL), TokenURL: strings.TrimSpace(x.TokenURL)}
	for _, s := range []string{o.AuthURL, o.TokenURL} {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || !hostname(u.Hostname()) {
			return nil
		}
	}
	return o
}
