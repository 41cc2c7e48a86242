# y = (x - centre) * scale + bias. The difference is exact in 16 bits, the rest is float32.
.function pixelnorm_orc_normalize_u8_f32
.dest 4 y float
.source 1 x uint8_t
.source 1 centre uint8_t
.source 4 scale float
.source 4 bias float
.temp 2 w
.temp 2 c
.temp 4 f

convubw w, x
convubw c, centre
subw w, w, c
convswl f, w
convlf f, f
mulf f, f, scale
addf y, f, bias


# The same to 8 bits: 0x4b400000 is 1.5 * 2^23, whose last place is 1, so the addition rounds half to even;
# what is below it in the bit pattern is the integer. Saturating conversions do the rest.
.function pixelnorm_orc_normalize_u8_u8
.dest 1 y uint8_t
.source 1 x uint8_t
.source 1 centre uint8_t
.source 4 scale float
.source 4 bias float
.temp 2 w
.temp 2 c
.temp 4 f

convubw w, x
convubw c, centre
subw w, w, c
convswl f, w
convlf f, f
mulf f, f, scale
addf f, f, bias
addf f, f, 0x4b400000
subl f, f, 0x4b400000
convssslw w, f
convsuswb y, w
