// Without this script the page is whole: it only copies texts, and opens what is folded for print.
document.documentElement.classList.add('scripted');
document.querySelectorAll('button[data-copy]').forEach(b => b.onclick = () => {
navigator.clipboard.writeText(document.getElementById(b.dataset.copy).innerText);
const t = b.textContent; b.textContent = 'Copied'; setTimeout(() => b.textContent = t, 1400)});
addEventListener('beforeprint', () => document.querySelectorAll('details:not(.np)').forEach(d => d.open = true));
