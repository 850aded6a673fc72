package orchestrator

import (
	"math"
	"testing"
)

// TestWilson compares with published values of the 95 % score interval (Brown, Cai and DasGupta, Statistical Science 2001; R's
// prop.test without correction).
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 10, 0, 0.2775},
		{10, 10, 0.7225, 1},
		{5, 10, 0.2366, 0.7634},
		{81, 263, 0.2553, 0.3662},
		{1, 1, 0.2065, 1},
		{950, 1000, 0.9347, 0.9619},
	} {
		low, high := Wilson(c.k, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// TestAdviseIsHonest: a threshold is advised only when reviews show it, and what nobody reviewed shows nothing.
func TestAdviseIsHonest(t *testing.T) {
	var r QualityRow
	put := func(bucket, all, judged, approved int) {
		r.All[bucket], r.Judged[bucket], r.Approved[bucket] = all, judged, approved
		r.Total += all
	}
	put(4, 100, 100, 10)
	put(12, 100, 100, 80)
	put(18, 800, 0, 0)
	all := Advise(&r)
	if len(all) != 10 || all[0].Threshold != 0.5 || all[9].Threshold != 0.95 {
		t.Fatalf("thresholds %+v", all)
	}
	if a := all[2]; a.Share != 0.9 || a.Judged != 100 || a.Precision != 0.8 || a.Low > 0.72 || a.High < 0.86 { // 0.60
		t.Errorf("at 0.60: %+v", a)
	}
	if a := all[4]; a.Share != 0.8 || a.Judged != 0 || a.Precision != 0 || a.High != 0 { // 0.70: nobody looked
		t.Errorf("at 0.70: %+v", a)
	}
	if a, ok := Lowest(all, 0.95); ok {
		t.Errorf("advises %+v", a)
	}
	put(18, 800, 10, 10)
	if a, ok := Lowest(Advise(&r), 0.95); ok {
		t.Errorf("ten right ones are enough for %+v", a)
	}
	put(18, 800, 100, 100)
	if a, ok := Lowest(Advise(&r), 0.95); !ok || a.Threshold != 0.65 || a.Judged != 100 {
		t.Errorf("a hundred right ones: %+v %v", a, ok)
	}
}

func TestBucketOf(t *testing.T) {
	for in, want := range map[float64]int{0: 0, 0.049: 0, 0.05: 1, 0.3: 6, 0.6: 12, 0.7: 14, 0.95: 19, 1: 19, 1.5: 19, -1: 0} {
		if got := BucketOf(in); got != want {
			t.Errorf("%v is in %d, want %d", in, got, want)
		}
	}
}
