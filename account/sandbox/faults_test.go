package sandbox

import (
	"errors"
	"testing"
)

// TestFaultsAreNoPolicies holds that a fault can be set, one that is not there
// cannot, and that none is offered where policies are.
func TestFaultsAreNoPolicies(t *testing.T) {
	p, err := newPolicies(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(Faults(), FaultDoc{faultNone, ""}) {
		if err := p.set(policyFault, f.Name); err != nil || !p.is(policyFault, f.Name) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if err := p.set(policyFault, "no-such"); !errors.Is(err, ErrPolicy) {
		t.Errorf("an unknown fault: %v", err)
	}
	if _, shown := p.all()[policyFault]; shown {
		t.Error("a fault is among the policies")
	}
	for _, d := range PolicyNames() {
		if d.Name == policyFault {
			t.Error("a fault is offered as a policy")
		}
	}
}
