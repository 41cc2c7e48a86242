# The kernel family `colour` for bytes, in two programs: the chroma term of a channel, which is C of kernels.h and what the
# luma is to be moved by; then luma and terms to codes. Pairs are words with Cb in the low byte.
.function pixelnorm_orc_colour_term
.dest 2 term uint16_t
.source 2 pairs uint16_t
.param 2 u0
.param 2 v0
.param 2 u1
.param 2 v1
.param 4 first
.param 4 last
.param 4 shift
.temp 1 cb
.temp 1 cr
.temp 2 u
.temp 2 v
.temp 4 p
.temp 4 q
.temp 4 r

splitwb cr, cb, pairs
convubw u, cb
convubw v, cr
subw u, u, 128
subw v, v, 128
mulswl p, u, u0
mulswl r, v, v0
addl p, p, r
mulswl q, u, u1
mulswl r, v, v1
addl q, q, r
addl q, q, last
shrsl q, q, 15
addl p, p, q
addl p, p, first
shrsl p, p, shift
convlw term, p


# Limited range, two pixels a term: 85 Y + C, moved so that saturation clips at both ends, over 73. Even and odd luma are
# the bytes of a word.
.function pixelnorm_orc_colour_limited_2
.dest 2 to uint16_t
.source 2 luma uint16_t
.source 2 term uint16_t
.temp 2 even
.temp 2 odd

andw even, luma, 255
shruw odd, luma, 8
mullw even, even, 85
mullw odd, odd, 85
addusw even, even, term
addusw odd, odd, term
subusw even, even, 46848
subusw odd, odd, 46848
mulhuw even, even, 57458
mulhuw odd, odd, 57458
shruw even, even, 6
shruw odd, odd, 6
shlw odd, odd, 8
orw to, even, odd


.function pixelnorm_orc_colour_limited_1
.dest 1 to uint8_t
.source 1 luma uint8_t
.source 2 term uint16_t
.temp 2 y

convubw y, luma
mullw y, y, 85
addusw y, y, term
subusw y, y, 46848
mulhuw y, y, 57458
shruw y, y, 6
convwb to, y


# Full range: Y + C.
.function pixelnorm_orc_colour_full_2
.dest 2 to uint16_t
.source 2 luma uint16_t
.source 2 term uint16_t
.temp 2 even
.temp 2 odd

andw even, luma, 255
shruw odd, luma, 8
addusw even, even, term
addusw odd, odd, term
subusw even, even, 65280
subusw odd, odd, 65280
shlw odd, odd, 8
orw to, even, odd


.function pixelnorm_orc_colour_full_1
.dest 1 to uint8_t
.source 1 luma uint8_t
.source 2 term uint16_t
.temp 2 y

convubw y, luma
addusw y, y, term
subusw y, y, 65280
convwb to, y
