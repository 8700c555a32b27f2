// SPDX-License-Identifier: AGPL-3.0-or-later
#include "migrate/names/roles.h"

#include <unicode/unistr.h>

#include <array>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "base/bytes.h"

namespace kontor::migrate {
namespace {

struct RoleNames {
  std::string_view role;
  std::span<const std::string_view> names;  // lower case, the best known first
};

constexpr std::string_view kSent[] = {"sent",
                                      "sent items",
                                      "sent messages",
                                      "sent mail",
                                      "sent-mail",
                                      "gesendet",
                                      "gesendete elemente",
                                      "gesendete objekte",
                                      "gesendete nachrichten",
                                      "éléments envoyés",
                                      "messages envoyés",
                                      "objets envoyés",
                                      "envoyés",
                                      "enviados",
                                      "elementos enviados",
                                      "mensajes enviados",
                                      "itens enviados",
                                      "mensagens enviadas",
                                      "posta inviata",
                                      "inviati",
                                      "inviata",
                                      "messaggi inviati",
                                      "verzonden",
                                      "verzonden items",
                                      "verzonden berichten",
                                      "wysłane",
                                      "elementy wysłane",
                                      "skickat",
                                      "skickade objekt",
                                      "skickade",
                                      "sendt",
                                      "sendt post",
                                      "sendte elementer",
                                      "lähetetyt",
                                      "lähetetyt viestit",
                                      "odeslaná pošta",
                                      "odeslané",
                                      "odeslaná",
                                      "отправленные",
                                      "надіслані",
                                      "送信済み",
                                      "送信済みアイテム",
                                      "送信済みメール",
                                      "已发送",
                                      "已发送邮件",
                                      "已傳送郵件",
                                      "寄件備份",
                                      "보낸편지함",
                                      "보낸 편지함",
                                      "elküldött elemek",
                                      "elküldött",
                                      "gönderilmiş öğeler",
                                      "gönderilenler",
                                      "trimise",
                                      "elemente trimise",
                                      "απεσταλμένα"};
constexpr std::string_view kDrafts[] = {
    "drafts",     "draft",       "entwürfe",      "entwurf",        "brouillons", "borradores", "borrador", "rascunhos",
    "bozze",      "concepten",   "kopie robocze", "wersje robocze", "robocze",    "szkice",     "utkast",   "kladder",
    "luonnokset", "koncepty",    "rozepsané",     "черновики",      "чернетки",   "下書き",     "草稿",     "草稿箱",
    "임시보관함", "임시 보관함", "piszkozatok",   "taslaklar",      "schițe",     "ciorne",     "πρόχειρα"};
constexpr std::string_view kTrash[] = {"trash",
                                       "deleted items",
                                       "deleted messages",
                                       "deleted",
                                       "papierkorb",
                                       "gelöschte elemente",
                                       "gelöschte objekte",
                                       "gelöscht",
                                       "gelöschte nachrichten",
                                       "corbeille",
                                       "éléments supprimés",
                                       "messages supprimés",
                                       "papelera",
                                       "elementos eliminados",
                                       "eliminados",
                                       "lixeira",
                                       "lixo",
                                       "itens excluídos",
                                       "itens eliminados",
                                       "cestino",
                                       "posta eliminata",
                                       "prullenbak",
                                       "verwijderde items",
                                       "verwijderd",
                                       "kosz",
                                       "elementy usunięte",
                                       "papperskorgen",
                                       "papperskorg",
                                       "borttagna objekt",
                                       "papirkurv",
                                       "slettet post",
                                       "slettede elementer",
                                       "roskakori",
                                       "poistetut",
                                       "koš",
                                       "odstraněná pošta",
                                       "odstraněné",
                                       "корзина",
                                       "удаленные",
                                       "удалённые",
                                       "кошик",
                                       "ゴミ箱",
                                       "削除済みアイテム",
                                       "已删除",
                                       "已删除邮件",
                                       "垃圾桶",
                                       "刪除的郵件",
                                       "휴지통",
                                       "지운 편지함",
                                       "törölt elemek",
                                       "kuka",
                                       "çöp kutusu",
                                       "silinmiş öğeler",
                                       "elemente șterse",
                                       "coș de gunoi",
                                       "κάδος απορριμμάτων"};
constexpr std::string_view kJunk[] = {"junk",
                                      "spam",
                                      "junk e-mail",
                                      "junk email",
                                      "junk mail",
                                      "junk-e-mail",
                                      "bulk mail",
                                      "unerwünscht",
                                      "unerwünschte werbung",
                                      "spamverdacht",
                                      "courrier indésirable",
                                      "indésirables",
                                      "pourriel",
                                      "correo no deseado",
                                      "no deseado",
                                      "correo basura",
                                      "lixo eletrônico",
                                      "lixo eletrónico",
                                      "correio electrónico não solicitado",
                                      "posta indesiderata",
                                      "indesiderata",
                                      "ongewenste e-mail",
                                      "ongewenst",
                                      "reclame",
                                      "wiadomości-śmieci",
                                      "skräppost",
                                      "uønsket e-post",
                                      "uønsket mail",
                                      "søppelpost",
                                      "roskaposti",
                                      "nevyžádaná pošta",
                                      "nevyžádané",
                                      "спам",
                                      "нежелательная почта",
                                      "迷惑メール",
                                      "垃圾邮件",
                                      "垃圾郵件",
                                      "스팸",
                                      "스팸 메일함",
                                      "정크 메일",
                                      "levélszemét",
                                      "önemsiz e-posta",
                                      "istenmeyen",
                                      "ανεπιθύμητα"};
constexpr std::string_view kArchive[] = {"archive",  "archives",   "archiv",   "archivo", "arquivo", "arquivo morto",
                                         "archivio", "archief",    "archiwum", "arkiv",   "arkisto", "архив",
                                         "архів",    "アーカイブ", "存档",     "归档",    "封存",    "보관함",
                                         "archívum", "arşiv",      "arhivă"};
constexpr std::array<RoleNames, 5> kRoles{
    {{"sent", kSent}, {"drafts", kDrafts}, {"trash", kTrash}, {"junk", kJunk}, {"archive", kArchive}}};

struct FoundRole {
  std::string_view role;
  std::size_t rank = 0;  // smaller = better known
};

FoundRole find_role(std::string_view name) {
  std::string folded;
  icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<std::int32_t>(name.size())))
      .toLower()
      .toUTF8String(folded);
  for (const auto& [role, names] : kRoles)
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == folded) return {role, i};
  return {};
}

}  // namespace

std::string_view role_of_name(std::string_view name) { return find_role(name).role; }

void assign_roles(std::vector<SourceFolder>& folders) {
  std::set<std::string, std::less<>> taken;
  for (auto& folder : folders) {
    if (folder.path.size() == 1 && folder.path.front() == "INBOX") folder.role = "inbox";
    if (!folder.role.empty() && !taken.insert(folder.role).second) folder.role.clear();
  }
  using Rank = std::tuple<bool, std::size_t, std::uint64_t>;  // below the inbox, rarity, fewer messages
  std::map<std::string_view, std::pair<Rank, SourceFolder*>> best;
  for (auto& folder : folders) {
    const bool below_inbox = folder.path.size() == 2 && iequals(folder.path.front(), "INBOX");
    if (!folder.role.empty() || folder.is_container || (folder.path.size() != 1 && !below_inbox)) continue;
    const auto found = find_role(folder.path.back());
    if (found.role.empty() || taken.contains(found.role)) continue;
    const Rank rank{below_inbox, found.rank, UINT64_MAX - folder.messages};
    const auto [place, is_first] = best.try_emplace(found.role, rank, &folder);
    if (!is_first && rank < place->second.first) place->second = {rank, &folder};
  }
  for (const auto& [role, choice] : best) choice.second->role = role;
}

}  // namespace kontor::migrate
