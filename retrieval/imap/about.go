package imap

import (
	"context"
	"fmt"
	"strings"

	goimap "github.com/emersion/go-imap/v2"

	"imapop/retrieval/safe"
)

// About is what a server tells of itself after login; every text is cleaned.
type About struct {
	Server     string   // ID (RFC 2971): name, version, vendor; "" when it does not say
	Namespaces []string // NAMESPACE (RFC 2342): `personal "" /`, at most 20
}

// maxNamespaces bounds what is kept of NAMESPACE.
const maxNamespaces = 20

// About asks ID and NAMESPACE where they are offered. We tell nothing of us:
// the ID that is sent is NIL.
func (s *Session) About(ctx context.Context) (About, error) {
	var a About
	err := s.do(ctx, "ask what the server is", 0, func(context.Context) error {
		if s.has(goimap.CapID) {
			id, err := s.client.ID(nil).Wait()
			if err != nil {
				return err
			}
			if id != nil {
				a.Server = safe.Cut(safe.Line(strings.Join(strings.Fields(id.Name+" "+id.Version+" "+vendor(id)), " ")), 100)
			}
		}
		if !s.has(goimap.CapNamespace) && !s.has(goimap.CapIMAP4rev2) {
			return nil
		}
		ns, err := s.client.Namespace().Wait()
		if err != nil {
			return err
		}
		a.add("personal", ns.Personal)
		a.add("others'", ns.Other)
		a.add("shared", ns.Shared)
		return nil
	})
	return a, err
}

// vendor is in brackets, unless the name says it already.
func vendor(id *goimap.IDData) string {
	if id.Vendor == "" || strings.Contains(strings.ToLower(id.Name), strings.ToLower(id.Vendor)) {
		return ""
	}
	return "(" + id.Vendor + ")"
}

func (a *About) add(whose string, list []goimap.NamespaceDescriptor) {
	for _, n := range list {
		if len(a.Namespaces) == maxNamespaces {
			return
		}
		delim := "flat"
		if n.Delim != 0 {
			delim = string(n.Delim)
		}
		a.Namespaces = append(a.Namespaces, safe.Cut(safe.Line(fmt.Sprintf("%s %q %s", whose, n.Prefix, delim)), 100))
	}
}
