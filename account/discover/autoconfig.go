package discover

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const (
	maxFile      = 256 << 10 // octets; a provider's file has a few thousand
	maxRedirects = 3
)

// source is one place where a file may be.
type source struct {
	method Method
	url    string
	sure   bool // provided that every step of the way there was https
}

// ownFiles lists where the domain's and the database's files are. Each list is
// asked in turn until one answers: the domain's own place without TLS only after
// the one with it.
func (s *search) ownFiles() [][]source {
	d := s.address.Domain
	query := "?emailaddress=" + url.QueryEscape(s.address.Full) // only to the domain itself, and only behind TLS
	const path, wellKnown = "/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"
	lists := [][]source{
		{{Autoconfig, "https://autoconfig." + d + path + query, true}, {Autoconfig, "http://autoconfig." + d + path, false}},
		{{Autoconfig, "https://" + d + wellKnown, true}, {Autoconfig, "http://" + d + wellKnown, false}},
	}
	if s.database != NoDatabase {
		lists = append(lists, []source{s.inDatabase(Database, d, true)})
	}
	return lists
}

// hosterFiles lists where files of the host that receives the mail are. They are
// never sure: that the domain's mail is there is known from DNS alone.
func (s *search) hosterFiles(d string) [][]source {
	lists := [][]source{{{Hoster, "https://autoconfig." + d + "/mail/config-v1.1.xml", false}}}
	if s.database != NoDatabase {
		lists = append(lists, []source{s.inDatabase(Hoster, d, false)})
	}
	return lists
}

func (s *search) inDatabase(m Method, domain string, sure bool) source {
	return source{m, strings.TrimSuffix(s.database, "/") + "/" + domain, sure && strings.HasPrefix(s.database, "https://")}
}

// fetchFirst reads the first of the files that is there.
func (s *search) fetchFirst(ctx context.Context, list ...source) {
	for _, src := range list {
		step := Step{Method: src.method, Where: shown(src.url)}
		text, err := s.fetch(ctx, src.url)
		if err != nil || text == nil {
			step.Err = err
			s.done(step)
			continue
		}
		file, err := parseClientConfig(text, s.address)
		if err != nil {
			step.Err = err
			s.done(step)
			continue
		}
		s.learn(file, src, step)
		return
	}
}

// learn keeps what a file says.
func (s *search) learn(file clientConfig, src source, step Step) {
	origin := Origin{Method: src.method, Where: step.Where, Sure: src.sure}
	for i := range file.candidates {
		file.candidates[i].Origin = origin
		file.candidates[i].OAuth = file.candidates[i].OAuth && src.sure
	}
	s.mu.Lock()
	if s.provider == "" {
		s.provider = file.provider
	}
	if src.sure && s.oauth == nil {
		s.oauth, s.help = file.oauth, file.help
	}
	s.mu.Unlock()
	s.add(step, file.candidates)
}

// shown is a URL without its query, which has the address.
func shown(u string) string {
	short, _, _ := strings.Cut(u, "?")
	return short
}

// fetch gets a file; nil when the server says that there is none.
func (s *search) fetch(ctx context.Context, u string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTime, fmt.Errorf("no answer in %v", fetchTime))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "imapop")
	res, err := s.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // its text has the URL, with the address
		}
		return nil, unlessNone(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusGone:
		return nil, nil
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer was %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("the file is larger than %d KiB", maxFile>>10)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// newClient makes a client that keeps nothing: no cookies, no connections. It
// goes from http to https but never back, and tells no one whence it comes.
func newClient(t http.RoundTripper, dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	if t == nil {
		t = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dial, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: fetchTime, MaxResponseHeaderBytes: maxFile,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		}
	}
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("more than %d redirections", maxRedirects)
		case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
			return errors.New("it redirects from https to " + req.URL.Scheme)
		case req.URL.User != nil:
			return errors.New("it redirects to a URL with a password in it")
		}
		req.Header.Del("Referer")
		return nil
	}}
}
