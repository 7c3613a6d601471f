//! Logarithm and exponential by additions, multiplications and one division each, so that they give the same bits on
//! every machine (what the system's library gives differs in the last place), and so that a compiler can do several side
//! by side.
//!
//! After `e_log.c` and `e_exp.c` of fdlibm (Sun Microsystems, 1993): errors below one unit in the last place.

/// The natural logarithm of a number above 0 that is not subnormal.
#[must_use]
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    /// The root of one half: the part without the power of 2 lies between it and its double.
    const LEAST: u64 = 0x3fe6_a09e_667f_3bcd;
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let power = (x.to_bits().wrapping_sub(LEAST) as i64) >> 52;
    let part = f64::from_bits(x.to_bits().wrapping_sub((power << 52) as u64));
    // Fits: an exponent has eleven bits.
    let power = f64::from(power as i32);
    let f = part - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (0.399_999_999_994_094_2 + w * (0.222_221_984_321_497_84 + w * 0.153_138_376_992_093_73));
    let odd = z
        * (0.666_666_666_666_673_5
            + w * (0.285_714_287_436_623_9 + w * (0.181_835_721_616_180_5 + w * 0.147_981_986_051_165_86)));
    let half = 0.5 * f * f;
    power * LN2_HIGH - ((half - (s * (half + (even + odd)) + power * LN2_LOW)) - f)
}

/// The exponential. Below -700 it is 0, above 700 what it is there.
#[must_use]
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    /// Adding it leaves no room for a fraction: what is below the point is rounded away.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let within = x.clamp(-700.0, 700.0);
    let shifted = within * LOG2_E + WHOLE;
    let power = shifted - WHOLE;
    let (high, low) = (within - power * LN2_HIGH, power * LN2_LOW);
    let r = high - low;
    let t = r * r;
    let c = r - t
        * (0.166_666_666_666_666_02
            + t * (-2.777_777_777_701_559_3e-3
                + t * (6.613_756_321_437_934e-5 + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let part = 1.0 - ((low - r * c / (2.0 - c)) - high);
    // The last bits of the shifted number are the power of 2.
    let scale = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    if x < -700.0 { 0.0 } else { part * scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// So many units in the last place, or less, lie between two numbers.
    fn close(got: f64, expected: f64) -> bool {
        (got - expected).abs() <= expected.abs() * 3.0 * f64::EPSILON
    }

    #[test]
    fn exact_where_it_can_be() {
        assert_eq!((ln(1.0), exp(0.0)), (0.0, 1.0));
        assert_eq!((exp(-701.0), exp(-1e300)), (0.0, 0.0));
        assert!(exp(1e300).is_finite() && exp(-700.0) > 0.0);
    }

    proptest! {
        /// Beside the system's own.
        #[test]
        fn as_good_as_the_systems(bits in 0x0010_0000_0000_0000_u64..0x7fef_ffff_ffff_ffff, near in 0.5..2.0_f64, x in -700.0..700.0_f64) {
            let any = f64::from_bits(bits);
            prop_assert!(close(ln(any), any.ln()), "{any}: {} {}", ln(any), any.ln());
            prop_assert!(close(ln(near), near.ln()), "{near}: {} {}", ln(near), near.ln());
            prop_assert!(close(exp(x), x.exp()), "{x}: {} {}", exp(x), x.exp());
        }
    }
}
