// SPDX-License-Identifier: AGPL-3.0-or-later
#include "directory/password.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "directory/testing.h"

namespace kontor::directory {
namespace {

struct Vector {
  std::string hash;
  std::string password;
  std::string login;
  std::string why;
};

constexpr const char* kPassword = "Tr0ub4dor & 3";

const std::vector<Vector>& own_vectors() {
  static const std::vector<Vector> kVectors = {
      {"$1$4Hd8sKq2$DpnbVw1XBHJYMHoHrkU9.0", kPassword, "", "md5-crypt"},
      {"{MD5}$1$4Hd8sKq2$DpnbVw1XBHJYMHoHrkU9.0", kPassword, "", "Dovecot's {MD5}"},
      {"{md5-crypt}$1$4Hd8sKq2$DpnbVw1XBHJYMHoHrkU9.0", kPassword, "", "prefixes in either case"},
      {"$5$rounds=1000$hfe8Ldk3$9QkdKSQBIVvTbQ3Ty1G2nzsasAjkDEu5eENuP2hM5w6", kPassword, "",
       "sha256-crypt with rounds"},
      {"$6$rounds=1000$hfe8Ldk3$nl1ydrZTZZ4tAEzlMi0n9AqmgVT1QQtmbF7yuXdW2ssShk1c2G8pLyh5Y.Fbc0nT7FxQyTrfPtq9uZCUXaJQ..",
       kPassword, "", "sha512-crypt with rounds"},
      {"$2y$04$4Hd8sKq2hfe8Ldk3WbXcNe6NsE.6xO5pb2cLhSYpJ62wlYcpdqUFO", kPassword, "", "bcrypt"},
      {"$2b$04$4Hd8sKq2hfe8Ldk3WbXcNe6NsE.6xO5pb2cLhSYpJ62wlYcpdqUFO", kPassword, "", "bcrypt"},
      {"$2a$04$4Hd8sKq2hfe8Ldk3WbXcNe6NsE.6xO5pb2cLhSYpJ62wlYcpdqUFO", kPassword, "", "bcrypt"},
      {"$y$j75$4Hd8sKq2hfe8Ldk3WbXcN.$o/C3pbOdLpP5ZI6wF/PGwAaX56T5nUFGB48j9ybiNU7", kPassword, "", "yescrypt"},
      {"$gy$j75$4Hd8sKq2hfe8Ldk3WbXcN.$UEA7Joyj.JwW5msUnS.8vX.aoxT8ULyTyWrrvlocQ74", kPassword, "", "gost-yescrypt"},
      {"$7$8U..../....4Hd8sKq2hfe8$QZ6UTu/izgskkNPXwMglHXG2XOc72f4a7FMO956DRWB", kPassword, "", "scrypt"},
      {"$sha1$600$4Hd8sKq2$SD8TdbQJY7V5vOfHJIHpNgRQwhy/", kPassword, "", "sha1-crypt"},
      {"$md5,rounds=300$4Hd8sKq2$$1HDuDJ9sM2GEr8SyutPmV.", kPassword, "", "sunmd5"},
      {"_J9..4Hd8orpjji1/Boc", kPassword, "", "BSDi"},
      {"4HYFtuMvUph8c", kPassword, "", "DES"},
      {"{CRYPT}4HYFtuMvUph8c", kPassword, "", "CRYPT"},
      {"4HYFtuMvUph8c", "Tr0ub4do", "", "DES sees 8 characters only"},
      {"{MD5}Ger5Xq2MXgolO7ukcyNwqg==", kPassword, "", "{MD5} as LDAP has it"},
      {"{LDAP-MD5}Ger5Xq2MXgolO7ukcyNwqg==", kPassword, "", "LDAP-MD5"},
      {"{PLAIN-MD5}19eaf95ead8c5e0a253bbba4732370aa", kPassword, "", "PLAIN-MD5"},
      {"19eaf95ead8c5e0a253bbba4732370aa", kPassword, "", "bare hex MD5"},
      {"{PLAIN-MD5.B64}Ger5Xq2MXgolO7ukcyNwqg==", kPassword, "", "base64 forced"},
      {"{SMD5}IHiWGn2Uld2Gr4DmBx1Hu8jJysvMzc7P", kPassword, "", "salted"},
      {"{SMD5.HEX}2078961a7d9495dd86af80e6071d47bbc8c9cacbcccdcecf", kPassword, "", "salted, hex forced"},
      {"{SHA}9TIMCDCTAF0bxZ8FS99+SRHKJ1Y=", kPassword, "", "digest, base64"},
      {"{SHA}f5320c083093005d1bc59f054bdf7e4911ca2756", kPassword, "", "digest, hex by its length"},
      {"{SHA.HEX}F5320C083093005D1BC59F054BDF7E4911CA2756", kPassword, "", "digest, hex forced"},
      {"{SSHA}THJ3YBYSZUw8ymgKBGDWxTm3mHvIycrLzM3Ozw==", kPassword, "", "salted"},
      {"{SSHA.HEX}4c7277601612654c3cca680a0460d6c539b7987bc8c9cacbcccdcecf", kPassword, "", "salted, hex forced"},
      {"{SHA256}pBeElmFqxV0wN+y9Ckp/gPTVXoL7Rah3mb5rBsn370g=", kPassword, "", "digest, base64"},
      {"{SHA256}a4178496616ac55d3037ecbd0a4a7f80f4d55e82fb45a87799be6b06c9f7ef48", kPassword, "",
       "digest, hex by its length"},
      {"{SHA256.HEX}A4178496616AC55D3037ECBD0A4A7F80F4D55E82FB45A87799BE6B06C9F7EF48", kPassword, "",
       "digest, hex forced"},
      {"{SSHA256}ntN8LQT/566KqrnM59xHXOSXszp0z82c9q+Jk3/kTE7IycrLzM3Ozw==", kPassword, "", "salted"},
      {"{SSHA256.HEX}9ed37c2d04ffe7ae8aaab9cce7dc475ce497b33a74cfcd9cf6af89937fe44c4ec8c9cacbcccdcecf", kPassword, "",
       "salted, hex forced"},
      {"{SHA512}MoKT9KQCju0Y1R65rHhaMBM2TbbTYoaYRft5MbpOrlSLFzSASv/R2LiEvCVBCwd05wEfHZsx5X1UeB3l8+xAIw==", kPassword,
       "", "digest, base64"},
      {"{SHA512}"
       "328293f4a4028eed18d51eb9ac785a3013364db6d362869845fb7931ba4eae548b1734804affd1d8b884bc25410b0774e7011f1d9b31e57"
       "d54781de5f3ec4023",
       kPassword, "", "digest, hex by its length"},
      {"{SHA512.HEX}"
       "328293F4A4028EED18D51EB9AC785A3013364DB6D362869845FB7931BA4EAE548B1734804AFFD1D8B884BC25410B0774E7011F1D9B31E57"
       "D54781DE5F3EC4023",
       kPassword, "", "digest, hex forced"},
      {"{SSHA512}X3wPyFDmRZVKgQUnhjy6uYd699ODEvIXoom9ojNm4FV5YBjyBUzG8BItXsEAJoNg1/Uw+YGbINOlo//jEyikEcjJysvMzc7P",
       kPassword, "", "salted"},
      {"{SSHA512.HEX}"
       "5f7c0fc850e645954a810527863cbab9877af7d38312f217a289bda23366e055796018f2054cc6f0122d5ec100268360d7f530f9819b20d"
       "3a5a3ffe31328a411c8c9cacbcccdcecf",
       kPassword, "", "salted, hex forced"},
      {"f5320c083093005d1bc59f054bdf7e4911ca2756", kPassword, "", "bare hex SHA-1"},
      {"deadbe1217afb4ebd45640628875d8ce31efe8af", kPassword, "", "Kopano's database plugin"},
      {"{PBKDF2}$1$4Hd8sKq2$500$1dfadc8e30b7bdb86783d259b35d9314953eefed", kPassword, "", "Dovecot's PBKDF2"},
      {"{PBKDF2}700$NEhkOHNLcTJoZmU4TGRrMw$5LkFwHhCHhdNK1vaatAUItNY/DA", kPassword, "", "OpenLDAP's PBKDF2"},
      {"{PBKDF2-SHA1}700$NEhkOHNLcTJoZmU4TGRrMw$5LkFwHhCHhdNK1vaatAUItNY/DA", kPassword, "", "OpenLDAP's PBKDF2"},
      {"{PBKDF2-SHA256}700$NEhkOHNLcTJoZmU4TGRrMw$tDm1wO.XNmHbpA/k0k/zOWX/uXLzyvSaWZLSXDYzFTA", kPassword, "",
       "OpenLDAP's PBKDF2"},
      {"{PBKDF2-SHA512}700$NEhkOHNLcTJoZmU4TGRrMw$YVhTqiuExE/Aah2enr/jXpmk.3gxSjY8MkA1mNZJchxQi2Z2DbPX05L/PgTQjV/mq/"
       "eIqgX9kRvGfjtHfgmDhQ",
       kPassword, "", "OpenLDAP's PBKDF2"},
      {"{PBKDF2_SHA256}AAABLAAHDhUcIyoxOD9GTVRbYmlwd36FjJOaoaivtr3Ey9LZ4Ofu9fwDChEYHyYtNDtCSVBXXmVsc3qBiI+"
       "WnaSrsrmVmvSANi3O1fxPRbINtI9Wb3dIA2jG/v7R3/ymdybYxnmOUHDAZ16EdQ+uCXiZhMWD/4wDmttAV4MILv7lqC1QtByUVQ7r01ew/"
       "TnxvZMcug43lABMP5IU0zExxpkHHlcrdxo2ZRZTrwbuhbSOI2fKVJ4f/weH4s/uMoZ8wvLjTL0gfIQ/wpllXYLSA2WcJqaOpC+1ZTP/"
       "vu+doyTkf53QK9wHhQKM0qKh6y94TW4oCPkD1fMzj9zhC6i3gPn5JJGXi4SgRsrzBP3+2H80EJKxqMfwOTusgOHesy9++"
       "b5SSfRtyPTtIHwOU33GowOOIvRNzqA7c3XCI9f/uNU8tPwl",
       kPassword, "", "389's PBKDF2"},
      {"$pbkdf2$700$NEhkOHNLcTJoZmU4TGRrMw$5LkFwHhCHhdNK1vaatAUItNY/DA", kPassword, "", "passlib's PBKDF2"},
      {"$pbkdf2-sha256$700$NEhkOHNLcTJoZmU4TGRrMw$tDm1wO.XNmHbpA/k0k/zOWX/uXLzyvSaWZLSXDYzFTA", kPassword, "",
       "passlib's PBKDF2"},
      {"$pbkdf2-sha512$700$NEhkOHNLcTJoZmU4TGRrMw$YVhTqiuExE/Aah2enr/jXpmk.3gxSjY8MkA1mNZJchxQi2Z2DbPX05L/PgTQjV/mq/"
       "eIqgX9kRvGfjtHfgmDhQ",
       kPassword, "", "passlib's PBKDF2"},
      {"pbkdf2_sha1$700$4Hd8sKq2$XPgbycIZUIMXnAdyZUWOFaGkojw=", kPassword, "", "Django's PBKDF2"},
      {"pbkdf2_sha256$700$4Hd8sKq2$7hKVEc3VnnayA8fDuWUDvWFp1wAZNqu/FzcWrKEA45A=", kPassword, "", "Django's PBKDF2"},
      {"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", "",
       "Argon2's own test vector"},
      {"{ARGON2ID}$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", "",
       "with prefix"},
      {"{ARGON2}$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", "password", "",
       "Argon2i, test vector"},
      {"{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=", "pencil", "",
       "RFC 5802's example"},
      {"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
       "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
       "pencil", "", "RFC 7677's example"},
      {"{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56", "secret", "",
       "HMAC-MD5's two states"},
      {"{HMAC-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56", "secret", "", "its other name"},
      {"{DIGEST-MD5}fb5f59866b6e9e89e9c1b09cc31185ad", kPassword, "ada@example.org", "user:realm:password"},
      {"{DIGEST-MD5}ed0f5e82399bf41d66ad491b88f3c7d0", kPassword, "ada", "no realm"},
      {"{PLAIN-MD4}d9130a8164549fe818874806e1c7014b", "message digest", "", "RFC 1320's example"},
      {"{OTP}md4 0 TeSt d1854218ebbb0b51", "This is a test.", "", "RFC 2289's example"},
      {"{OTP}md4 99 TeSt c5e612776e6c237a", "This is a test.", "", "RFC 2289's example"},
      {"{OTP}md5 0 TeSt 9e876134d90499dd", "This is a test.", "", "RFC 2289's example"},
      {"{OTP}md5 99 TeSt 50fe1962c4965880", "This is a test.", "", "RFC 2289's example"},
      {"{OTP}sha1 0 TeSt bb9e6ae1979d8ff4", "This is a test.", "", "RFC 2289's example"},
      {"{OTP}sha1 99 TeSt 87fec7768b73ccf9", "This is a test.", "", "RFC 2289's example"},
      {"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", "", "phpass's own test vector"},
      {"$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345", "", "phpBB's name for it"},
      {"{PLAIN}Tr0ub4dor & 3", kPassword, "", "clear"},
      {"{CLEARTEXT}Tr0ub4dor & 3", kPassword, "", "clear"},
      {"{clear}Tr0ub4dor & 3", kPassword, "", "clear"},
      {"{PLAIN.B64}VHIwdWI0ZG9yICYgMw==", kPassword, "", "clear, encoded"},
      {"{PLAIN}{x}y", "{x}y", "", "braces in a clear password"},
      {"{PLAIN-TRUNC}5-Tr0ub", kPassword, "", "the first five only"},
      {"{PLAIN-TRUNC}Tr0ub4dor & 3", kPassword, "", "not cut"},
      {"{PLAIN-TRUNC}99-Tr0ub4dor & 3", kPassword, "", "shorter than the cut"},
  };
  return kVectors;
}

void expect_verifies(const Vector& vector) {
  auto form = check_hash_form(vector.hash);
  EXPECT_TRUE(form) << vector.why << ": " << vector.hash << ": " << (form ? "" : form.error().text);
  EXPECT_TRUE(verify_password(vector.hash, vector.password, vector.login)) << vector.why << ": " << vector.hash;
  // Wrong in the first character, which even {PLAIN-TRUNC} and DES see.
  EXPECT_FALSE(verify_password(vector.hash, "!" + vector.password, vector.login)) << vector.why << ": " << vector.hash;
  EXPECT_FALSE(verify_password(vector.hash, "", vector.login)) << vector.why << ": " << vector.hash;
}

TEST(Password, VerifiesEveryForm) {
  for (const Vector& vector : own_vectors()) expect_verifies(vector);
}

// The first character of the digest changed: no form may ignore what it compares.
TEST(Password, ComparesTheWholeHash) {
  for (const Vector& vector : own_vectors()) {
    if (vector.hash.contains("PLAIN-TRUNC") || vector.hash.contains("PLAIN.B64")) continue;
    for (std::size_t back : {2, 5}) {
      std::string changed = vector.hash;
      char& c = changed[changed.size() - back];
      c = c == '0' ? '1' : '0';
      if (changed == vector.hash) continue;
      EXPECT_FALSE(verify_password(changed, vector.password, vector.login)) << vector.why << ": " << changed;
    }
  }
}

TEST(Password, VerifiesHashesOfOtherSystems) {
  std::ifstream file(KONTOR_SOURCE_DIR "/../shared/facts/password-vectors.tsv");
  if (!file) GTEST_SKIP() << "the list of hashes made elsewhere is not here";
  std::string line;
  std::getline(file, line);
  int count = 0;
  while (std::getline(file, line)) {
    std::size_t first = line.find('\t');
    std::size_t second = line.find('\t', first + 1);
    std::size_t third = line.find('\t', second + 1);
    Vector vector{line.substr(second + 1, third - second - 1), line.substr(first + 1, second - first - 1),
                  "bob@example.com", line.substr(0, first)};
    expect_verifies(vector);
    ++count;
  }
  EXPECT_GE(count, 165);
}

TEST(Password, RefusesWhatItDoesNotUnderstand) {
  const std::string argon_tail = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  struct Case {
    std::string hash;
    std::string says;
  };
  const Case cases[] = {
      {"", "empty"},
      {"hunter2", "of no known form"},
      {"{PLAIN}", "must not be empty"},
      {"{FANCY}abcdef", "{FANCY} is unknown"},
      {"{SSHA512.XYZ}abcdef", "{SSHA512.XYZ} is unknown"},
      {"{not a name}abc", "no valid name"},
      {"{NTLM}8846f7eaee8fb117ad06bdd830b7586c", "set a new password"},
      {"{nt}8846f7eaee8fb117ad06bdd830b7586c", "set a new password"},
      {"$3$$8846f7eaee8fb117ad06bdd830b7586c", "set a new password"},
      {"$9$abc", "of no known method"},
      {"{CRYPT}", "of no known method"},
      {"{SHA}AAAA", "not whole"},
      {"{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "not whole"},
      {"{SSHA}***", "neither hex nor base64"},
      {"{MD5}nonsense", "not whole"},
      {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "hex digits"},
      {"{CRAM-MD5}cd3b", "64 hex digits"},
      {"{DIGEST-MD5}cd3b", "32 hex digits"},
      {"{OTP}sha1 x TeSt bb9e6ae1979d8ff4", "count"},
      {"{OTP}sha1 999999 TeSt bb9e6ae1979d8ff4", "too high"},
      {"{OTP}sha9 1 TeSt bb9e6ae1979d8ff4", "digest"},
      {"{OTP}sha1 1 TeSt", "parts"},
      {"{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92", "parts"},
      {"{SCRAM-SHA-1}99999999,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=", "too many"},
      {"{SCRAM-SHA-1}0,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=", "no number"},
      {"{PBKDF2}$1$salt$99999999$00c95569ff27f1e0024a10a66aacb5cae8b8961b", "too many rounds"},
      {"{PBKDF2}$1$salt$0$00c95569ff27f1e0024a10a66aacb5cae8b8961b", "no valid number"},
      {"{PBKDF2}$1$salt$5000$00c9", "not whole"},
      {"{PBKDF2_SHA256}AAAA", "not whole"},
      {"$pbkdf2-sha3$700$AAAA$AAAAAAAAAAAAAAAAAAAAAA", "not supported"},
      {"pbkdf2_sha9$700$AAAA$AAAAAAAAAAAAAAAAAAAAAA", "not supported"},
      {"$P$ZIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "too many rounds"},
      {"$P$9IQR", "not whole"},
      {"$argon2id$v=19$m=1048576,t=1,p=1" + argon_tail, "too much memory"},
      {"$argon2id$v=19$m=262144,t=40,p=1" + argon_tail, "takes too long"},
      {"$argon2id$v=19$m=65536,t=2,p=255" + argon_tail, "too many lanes"},
      {"$argon2id$v=19$m=0,t=2,p=1" + argon_tail, "parts"},
      {"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", "parts"},
      {"$argon2xy$v=19$m=256,t=2,p=1" + argon_tail, "parts"},
      {"$2y$31$qc1dfomhB2NQhxv0edNxduW.38.OzYDoYnac7aOqXiyu5PCQ7CRrC", "too much time"},
      {"$2y$05$tooshort", "not well formed"},
      {"$6$rounds=999999999$saltsalt$abc", "too much time"},
      {"$5$rounds=x$saltsalt$abc", "not well formed"},
      {"$sha1$99999999$salt$abc", "too much time"},
      {"$md5,rounds=4000000000$salt$$abc", "too much time"},
      {"$md5x", "not well formed"},
      {"_zzzzXCZOwcd5ZS7tjUU", "too much time"},
      {"$7$MU..../....salt$abc", "too much time"},
      {"$7$BU", "not well formed"},
      {"$y$jFT$salt$abc", "too much time"},
      {"$y$j", "not well formed"},
      {std::string("{PLAIN}a\0b", 10), "NUL"},
      {"{PLAIN}" + std::string(2000, 'x'), "too long"},
  };
  for (const Case& one : cases) {
    auto form = check_hash_form(one.hash);
    ASSERT_FALSE(form) << one.hash;
    EXPECT_EQ(form.error().code, Errc::invalid) << one.hash;
    EXPECT_TRUE(form.error().text.contains(one.says)) << one.hash << ": " << form.error().text;
    EXPECT_FALSE(verify_password(one.hash, "secret", "")) << one.hash;
  }
}

TEST(Password, SentencesNeverRepeatTheHash) {
  for (const char* hash : {"hunter2", "{hunter2", "{FANCY}hunter2", "{my hunter2}x", "{SSHA}hunter2", "$6$hunter2$x"}) {
    auto form = check_hash_form(hash);
    if (!form) {
      EXPECT_FALSE(form.error().text.contains("hunter2")) << form.error().text;
    }
  }
}

TEST(Password, RefusesPasswordsWithNulAndTooLongOnes) {
  const std::string des = "{CLEAR}secret";
  EXPECT_TRUE(verify_password(des, "secret", ""));
  EXPECT_FALSE(verify_password(des, std::string("secret\0x", 8), ""));
  EXPECT_FALSE(verify_password("{CRYPT}PfB9b6nH6QgbA", std::string("secret\0x", 8), ""));
  EXPECT_TRUE(verify_password("{CRYPT}PfB9b6nH6QgbA", "secret", ""));
  const std::string longest(kMaxPassword, 'p');
  EXPECT_TRUE(verify_password(hash_password(longest, 64, 1), longest, ""));
  EXPECT_FALSE(verify_password(hash_password(longest + "p", 64, 1), longest + "p", ""));
}

TEST(Password, NewHashesAreSaltedArgon2id) {
  std::string first = hash_password("secret", 64, 2);
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=64,t=2,p=1$")) << first;
  EXPECT_NE(first, hash_password("secret", 64, 2));
  EXPECT_TRUE(verify_password(first, "secret", ""));
  EXPECT_FALSE(verify_password(first, "Secret", ""));
}

TEST(Password, TellsWhatToHashAnew) {
  std::string own = hash_password("secret", 64, 2);
  EXPECT_FALSE(needs_rehash(own, 64, 2));
  EXPECT_FALSE(needs_rehash(own, 64, 1)) << "a dearer one stays";
  EXPECT_TRUE(needs_rehash(own, 128, 2));
  EXPECT_TRUE(needs_rehash("{SSHA}v3m82wDj1Omp6bu+EKae0DBP1JCjvg62", 64, 2));
  EXPECT_TRUE(needs_rehash("{ARGON2ID}" + own, 64, 2));
}

// The dearest hashes of each family that are accepted, at a length of password that makes them dearer still.
TEST(Password, AcceptedCostsAreBounded) {
  const char* dearest[] = {
      "$2y$14$qc1dfomhB2NQhxv0edNxduW.38.OzYDoYnac7aOqXiyu5PCQ7CRrC",
      "$6$rounds=400000$saltsaltsaltsalt$x",
      "$y$jDT$V/UoqQkwixTZ042fT0SHK1$Nbn3JTpEN8MnvP7uHkH/6dkmH3AwH2FDbdBGlR6nP0C",
      "$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
  };
  const std::string password(300, 'p');
  for (const char* hash : dearest) {
    EXPECT_TRUE(check_hash_form(hash)) << hash;
    auto start = computed();
    EXPECT_FALSE(verify_password(hash, password, ""));
    auto taken = computed() - start;
    // Far above the second it takes, for slow machines and sanitizers; far below what these families can be made to
    // take.
    EXPECT_LT(taken, std::chrono::seconds(20)) << hash;
  }
}

}  // namespace
}  // namespace kontor::directory
